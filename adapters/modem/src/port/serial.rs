//! Serial ports by `tokio-serial`. The only module that touches one.
//!
//! A port that hangs up reads as its end, which the driver of a link takes as a lost connection.

use std::io;
use std::time::Duration;
use tokio_serial::{
    ClearBuffer, DataBits, FlowControl, Parity, SerialPort as _, SerialPortBuilderExt as _, SerialStream,
    StopBits,
};

/// A time that DTR is down for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pulse {
    down: Duration,
    waking: Duration,
}

impl Pulse {
    /// As long as switched power supplies need, and modems to wake up after that.
    pub const POWER: Self = Self { down: Duration::from_millis(1_500), waking: Duration::from_secs(5) };
    /// As long as a modem needs to end a call.
    pub const HANG_UP: Self = Self { down: Duration::from_millis(800), waking: Duration::from_millis(400) };
}

/// How the two ends keep each other from sending too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flow {
    /// Not at all.
    #[default]
    None,
    /// RTS and CTS.
    Hardware,
}

/// How a serial port is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SerialOptions {
    /// Bits a second.
    pub baud: u32,
    /// The handshake.
    pub flow: Flow,
    /// Seven data bits with even parity, as pagers want; eight without otherwise.
    pub seven_even: bool,
}

impl Default for SerialOptions {
    fn default() -> Self {
        Self { baud: 115_200, flow: Flow::None, seven_even: false }
    }
}

/// Throws away what the device has not sent yet.
pub(super) fn discard(port: &SerialStream) {
    let _ = port.clear(ClearBuffer::Output);
}

/// Takes DTR down: a modem ends its call. Where there is no such line, nothing happens.
pub(super) fn hang_up(port: &mut SerialStream) {
    discard(port);
    let _ = port.write_data_terminal_ready(false);
}

/// Opens a port; `drop_dtr` first takes DTR down for a while.
pub(super) async fn open(
    path: &str,
    options: SerialOptions,
    drop_dtr: Option<Pulse>,
) -> io::Result<SerialStream> {
    let (bits, parity) =
        if options.seven_even { (DataBits::Seven, Parity::Even) } else { (DataBits::Eight, Parity::None) };
    let mut port = tokio_serial::new(path, options.baud)
        .data_bits(bits)
        .parity(parity)
        .stop_bits(StopBits::One)
        .flow_control(match options.flow {
            Flow::None => FlowControl::None,
            Flow::Hardware => FlowControl::Hardware,
        })
        .open_native_async()
        .map_err(io::Error::from)?;
    // Pseudo-terminals have no such lines and say so; that is no reason not to use them.
    if let Some(Pulse { down, waking }) = drop_dtr
        && port.write_data_terminal_ready(false).is_ok()
    {
        tokio::time::sleep(down).await;
        let _ = port.write_data_terminal_ready(true);
        tokio::time::sleep(waking).await;
    }
    let _ = port.write_data_terminal_ready(true);
    Ok(port)
}
