//! How a simulated operator speaks one protocol: the mirror of a link's dialect.
//!
//! A speech never decides what to say: the connection asks it to write and it tells what it heard.

use crate::hub::Delivery;
use crate::options::SimulatorOptions;
use bytes::BytesMut;
use domain::Timestamp;
use secrecy::SecretString;
use std::borrow::Cow;

/// The protocol's numbers for what every operator says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codes {
    /// Too fast.
    pub throttled: u32,
    /// A submit without a login.
    pub not_bound: u32,
    /// A login too many.
    pub already_bound: u32,
    /// Name or password are wrong.
    pub bad_login: u32,
    /// The code that a refusal of a request as such carries.
    pub not_understood: u32,
}

/// An operator of one protocol: how it behaves and what its connections share.
pub trait Operator: Send + Sync + 'static {
    /// How it speaks.
    type Speech: Speech;

    /// How it behaves.
    fn options(&self) -> SimulatorOptions;

    /// For one connection.
    fn speech(&self) -> Self::Speech;

    /// The id of a message that was taken; `number` is different for each message and run.
    fn id(&self, number: u64, submit: &<Self::Speech as Speech>::Submit, now: Timestamp) -> String;
}

/// A message that the gateway submitted. Asked only for what is needed.
pub trait Submitted: Send + 'static {
    /// The sender as it stood there.
    fn from(&self) -> Cow<'_, str>;
    /// The recipient as it stood there.
    fn to(&self) -> Cow<'_, str>;
    /// The text as a phone shows it.
    fn text(&self) -> String;
    /// Its place in a longer message, and how many parts there are; `(1, 1)` when it stands alone.
    fn place(&self) -> (u8, u8);
    /// Whether a receipt is wanted.
    fn wants_receipt(&self) -> bool;
}

/// Who wants to log in.
#[derive(Debug)]
pub struct Login {
    /// The name.
    pub name: String,
    /// The password.
    pub password: SecretString,
    /// Whether it wants to send.
    pub sends: bool,
    /// Whether it wants to receive.
    pub receives: bool,
}

/// What one frame meant. What can be answered without the operator's mood is answered already.
#[derive(Debug)]
pub enum Heard<S: Speech> {
    /// A login.
    Login {
        /// How to answer it.
        to: S::To,
        /// Who.
        login: Login,
    },
    /// A message.
    Submit {
        /// How to answer it.
        to: S::To,
        /// Its number in the protocol, for the journal.
        number: u64,
        /// What it is.
        submit: S::Submit,
    },
    /// A wish to take a message back.
    Cancel {
        /// How to answer it.
        to: S::To,
        /// Its number in the protocol, for the journal.
        number: u64,
        /// The id that the reply to the submit gave.
        id: String,
    },
    /// The answer to something that was delivered.
    Answer {
        /// The key that [`Speech::deliver`] gave.
        key: u32,
        /// 0 when it was taken.
        status: u32,
        /// Whether it is to be delivered again.
        again: bool,
    },
    /// A keep-alive.
    Alive {
        /// How to answer it.
        to: S::To,
    },
    /// A goodbye; it was answered.
    Goodbye,
    /// Something else; it was answered if it wants to be.
    Other,
    /// It could not be read; it was answered as the protocol prescribes.
    Bad,
}

/// The stream can no longer be cut into frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

/// What kind of reply a submit gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// As it should be.
    #[default]
    Right,
    /// To a number that nothing waits for.
    Unknown,
    /// "I did not understand."
    Nack,
    /// The response to another operation.
    WrongCommand,
    /// Taken, but without an id.
    Empty,
    /// Damaged on the way, where the protocol has a checksum.
    Damaged,
}

/// The reply to a submit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// What kind.
    pub kind: Kind,
    /// 0 when it was taken.
    pub status: u32,
    /// The id when it was taken.
    pub id: String,
    /// How near its limit the operator says it is, where the protocol can say it.
    pub congestion: Option<u8>,
}

/// One protocol on one connection, from the operator's side.
pub trait Speech: Send + Sized + 'static {
    /// What an answer goes to: sequence number, TRN.
    type To: Clone + Send + std::fmt::Debug + 'static;
    /// A message that came.
    type Submit: Submitted + std::fmt::Debug;

    /// The protocol's numbers.
    const CODES: Codes;
    /// Octets that are no frame; a peer must get over them, or close.
    const GARBAGE: &'static [u8];
    /// How many deliveries may wait for their answer at most, for want of numbers.
    const MOST_DELIVERIES: usize;

    /// What is said before anything is heard.
    fn greet(&mut self, out: &mut BytesMut) {
        let _ = out;
    }

    /// Whether the protocol has no login (or this operator wants none): submits are taken at once.
    fn needs_no_login(&self) -> bool {
        false
    }

    /// Cuts one frame off the input and reads it; `None` when none is whole.
    ///
    /// # Errors
    /// [`Lost`] when no frame can be found any more.
    fn hear(&mut self, input: &mut BytesMut, out: &mut BytesMut) -> Result<Option<Heard<Self>>, Lost>;

    /// Answers a login; status 0 lets it in.
    fn answer_login(&mut self, to: &Self::To, status: u32, out: &mut BytesMut);

    /// Answers a submit.
    fn reply(&mut self, to: &Self::To, reply: &Reply, out: &mut BytesMut);

    /// Answers a wish to take a message back, where the protocol has one: done, or the message is not there (any more).
    fn answer_cancel(&mut self, to: &Self::To, done: bool, out: &mut BytesMut) {
        let _ = (to, done, out);
    }

    /// Answers a keep-alive.
    fn answer_alive(&mut self, to: &Self::To, out: &mut BytesMut);

    /// Delivers something; answers the key that its answer will name.
    fn deliver(&mut self, delivery: &Delivery, now: Timestamp, out: &mut BytesMut) -> u32;

    /// Says goodbye. False when the protocol has no goodbye of the operator: the connection is closed.
    fn goodbye(&mut self, out: &mut BytesMut) -> bool;
}
