//! Rows of the tables and the domain's values, each way. Never asks a database anything.

mod answer;
mod deadline;
mod fields;
mod handoff;
mod message;
mod mo;
mod receipt;
mod user;

pub use answer::{decode_answer, encode_answer};
pub use deadline::DeadlineRow;
pub use fields::{encode as encode_fields, millis, split as split_fields, time};
pub use handoff::{HANDOFF_COLUMNS, HandoffName, HandoffRow, HandoffSql, StoredHandoff, handoff_state};
pub use message::{
    Diverted, Folded, Incoming, MESSAGE_COLUMNS, MessageSql, STANDING_COLUMNS, Settled, Standing,
    StandingSql, StoredMessage,
};
pub use mo::{
    MO_COLUMNS, MO_PART_COLUMNS, MoPartRow, MoPartSql, MoRow, MoSql, SeenRow, StoredMo, StoredMoPart, clean,
    clean_address,
};
pub use receipt::{
    AWAITING_COLUMNS, Awaited, AwaitedSql, EARLY_COLUMNS, EarlyReceipt, EarlySql, StoredEarly, kept_key,
};
pub use user::{decode_user, encode_user};
