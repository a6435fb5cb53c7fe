//! What is counted of a link, with its name as label. Made once: counting is then one atomic addition.

use domain::routing::FailureClass;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use ports::driven::PartReply;

/// The counters of a link.
pub struct Meters {
    /// Segments written.
    pub submits: Counter,
    accepted: Counter,
    permanent: Counter,
    temporary: Counter,
    unanswered: Counter,
    not_offered: Counter,
    /// Requests to slow down.
    pub throttled: Counter,
    /// Segments that wait for a reply.
    pub in_flight: Gauge,
    /// How many may.
    pub window: Gauge,
    /// 1 when it can send.
    pub up: Gauge,
    /// Seconds from writing to the reply.
    pub round_trip: Histogram,
    /// Tries to connect.
    pub connects: Counter,
    /// Ends of connections.
    pub disconnects: Counter,
    /// Replies to nothing.
    pub unknown_replies: Counter,
    /// Replies that came late.
    pub late_replies: Counter,
    /// What could not be read.
    pub bad_frames: Counter,
    /// Receipts that came.
    pub receipts: Counter,
    /// Parts of messages that came.
    pub mos: Counter,
    /// Panics that were caught.
    pub panics: Counter,
}

impl Meters {
    /// The counters of the link of this name.
    #[must_use]
    pub fn new(link: &str) -> Self {
        let link = || link.to_owned();
        let replies =
            |class: &'static str| counter!("omnigate_link_replies_total", "link" => link(), "class" => class);
        Self {
            submits: counter!("omnigate_link_submits_total", "link" => link()),
            accepted: replies("accepted"),
            permanent: replies("permanent"),
            temporary: replies("temporary"),
            unanswered: replies("unanswered"),
            not_offered: replies("not_offered"),
            throttled: replies("throttled"),
            in_flight: gauge!("omnigate_link_in_flight", "link" => link()),
            window: gauge!("omnigate_link_window", "link" => link()),
            up: gauge!("omnigate_link_up", "link" => link()),
            round_trip: histogram!("omnigate_link_round_trip_seconds", "link" => link()),
            connects: counter!("omnigate_link_connects_total", "link" => link()),
            disconnects: counter!("omnigate_link_disconnects_total", "link" => link()),
            unknown_replies: counter!("omnigate_link_unknown_replies_total", "link" => link()),
            late_replies: counter!("omnigate_link_late_replies_total", "link" => link()),
            bad_frames: counter!("omnigate_link_bad_pdus_total", "link" => link()),
            receipts: counter!("omnigate_link_receipts_total", "link" => link()),
            mos: counter!("omnigate_link_mo_parts_total", "link" => link()),
            panics: counter!("omnigate_link_panics_total", "link" => link()),
        }
    }

    /// Counts the end of a segment.
    pub fn ended(&self, end: &PartReply) {
        match end {
            PartReply::Accepted { .. } => self.accepted.increment(1),
            PartReply::Refused(failure) if failure.class == FailureClass::Permanent => {
                self.permanent.increment(1)
            }
            PartReply::Refused(failure) if failure.class == FailureClass::Throttled => {
                self.throttled.increment(1)
            }
            PartReply::Refused(_) => self.temporary.increment(1),
            PartReply::Unanswered => self.unanswered.increment(1),
            PartReply::NotOffered => self.not_offered.increment(1),
        }
    }
}
