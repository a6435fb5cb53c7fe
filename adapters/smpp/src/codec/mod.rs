//! The wire of SMPP 3.4 (section 3 to 5): frames, PDUs, optional parameters.
//!
//! Three steps, each of which can fail alone: [`FrameCodec`] cuts the stream by length and nothing else, so that
//! a bad PDU never moves the boundary of the next; [`decode`] reads the header, which always succeeds on a frame,
//! and then the body, tolerantly; typed accessors read optional parameters when somebody asks. Strings are views
//! into the frame: whoever keeps a value for long should copy it, or it keeps the read buffer alive.
//!
//! Liberal in, strict out: [`encode`] refuses what the standard does not allow.

mod bind;
mod body;
mod command;
mod error;
mod frame;
mod multi;
mod octets;
mod operation;
mod pdu;
mod reader;
mod short_message;
mod tlv;
mod writer;

pub use bind::{Bind, BindResp, Outbind};
pub use body::Body;
pub use command::CommandId;
pub use error::{DecodeError, EncodeError, ErrorClass, Malformed, Warning};
pub use frame::{FrameCodec, FrameError, MAX_FRAME};
pub use multi::{Destination, SubmitMulti, SubmitMultiResp, Unsuccessful};
pub use octets::{Address, Octets};
pub use operation::{AlertNotification, CancelSm, DataSm, QuerySm, QuerySmResp, ReplaceSm};
pub use pdu::{Decoded, HEADER_LEN, Header, Pdu, decode, encode};
pub use short_message::{MessageResp, ShortMessage};
pub use tlv::{NetworkError, Tlv, Tlvs, tag};

pub(crate) use short_message::{has_udh, is_intermediate, is_receipt};
pub(crate) use tlv::trim_nuls;
