//! Serial ports by `tokio-serial`. The only module that touches one.
//!
//! A port that hangs up reads as its end, which the driver of a link takes as a lost connection.

use std::io;
use std::time::Duration;
use tokio_serial::{
    DataBits, FlowControl, Parity, SerialPort as _, SerialPortBuilderExt as _, SerialStream, StopBits,
};

/// How long DTR stays down: as long as switched power supplies need.
const DOWN: Duration = Duration::from_millis(1_500);
/// How long a modem may take to wake up after that.
const WAKING: Duration = Duration::from_secs(5);

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

/// Opens a port; `drop_dtr` first takes DTR down for a while.
pub(super) async fn open(path: &str, options: SerialOptions, drop_dtr: bool) -> io::Result<SerialStream> {
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
    if drop_dtr && port.write_data_terminal_ready(false).is_ok() {
        tokio::time::sleep(DOWN).await;
        let _ = port.write_data_terminal_ready(true);
        tokio::time::sleep(WAKING).await;
    }
    let _ = port.write_data_terminal_ready(true);
    Ok(port)
}
