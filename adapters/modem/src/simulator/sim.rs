//! The SIM and the memory of a simulated modem.

use crate::hex;

/// Wrong PINs until the SIM is locked.
const PIN_TRIES: u8 = 3;

/// What a SIM asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Ready,
    Pin,
    Puk,
}

/// What is to be reported when a message leaves the memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// A message of a phone.
    Mo { from: String, text: String },
    /// A status report.
    Report { message_id: String, to: String, failed: bool },
}

/// Something received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) pdu: Vec<u8>,
    pub(super) about: About,
}

#[derive(Debug)]
struct Slot {
    read: bool,
    message: Message,
}

/// A SIM and its memory.
#[derive(Debug)]
pub(super) struct Sim {
    pin: Option<String>,
    lock: Lock,
    wrong: u8,
    slots: Vec<Option<Slot>>,
}

impl Sim {
    pub(super) fn new(pin: Option<String>, memory: u16) -> Self {
        let lock = if pin.is_some() { Lock::Pin } else { Lock::Ready };
        Self { pin, lock, wrong: 0, slots: (0..memory.max(1)).map(|_| None).collect() }
    }

    pub(super) fn lock(&self) -> Lock {
        self.lock
    }

    /// Power was off: a PIN is asked for again. Wrong tries are remembered, as real SIMs do.
    pub(super) fn restart(&mut self) {
        if self.pin.is_some() && self.lock == Lock::Ready {
            self.lock = Lock::Pin;
        }
    }

    pub(super) fn open(&mut self, pin: &str) -> bool {
        let right = self.pin.as_deref() == Some(pin);
        match (self.lock, right) {
            (Lock::Pin, true) => {
                self.lock = Lock::Ready;
                self.wrong = 0;
            }
            (Lock::Pin, false) => {
                self.wrong += 1;
                if self.wrong >= PIN_TRIES {
                    self.lock = Lock::Puk;
                }
            }
            _ => {}
        }
        right && self.lock == Lock::Ready
    }

    pub(super) fn used(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    pub(super) fn size(&self) -> usize {
        self.slots.len()
    }

    /// Keeps a message; its place, from 1. `None` = full.
    pub(super) fn store(&mut self, message: Message) -> Result<usize, Message> {
        match self.slots.iter_mut().enumerate().find(|(_, slot)| slot.is_none()) {
            Some((index, slot)) => {
                *slot = Some(Slot { read: false, message });
                Ok(index + 1)
            }
            None => Err(message),
        }
    }

    /// The state and the octets of a place; it counts as read after that.
    pub(super) fn read(&mut self, place: usize) -> Option<(u8, Vec<u8>)> {
        let slot = self.slots.get_mut(place.checked_sub(1)?)?.as_mut()?;
        let stat = u8::from(std::mem::replace(&mut slot.read, true));
        Some((stat, slot.message.pdu.clone()))
    }

    /// Places that hold something.
    pub(super) fn places(&self) -> Vec<usize> {
        self.slots.iter().enumerate().filter(|(_, slot)| slot.is_some()).map(|(index, _)| index + 1).collect()
    }

    /// Empties a place.
    pub(super) fn delete(&mut self, place: usize) -> Option<About> {
        self.slots.get_mut(place.checked_sub(1)?)?.take().map(|slot| slot.message.about)
    }
}

/// The head of a listing and its digits: the length without the service centre address.
pub(super) fn digits(pdu: &[u8]) -> (usize, String) {
    (pdu.len().saturating_sub(crate::tpdu::sca_octets(pdu)), hex::encode(pdu))
}
