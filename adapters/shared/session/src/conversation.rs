//! What the driver needs of a protocol machine, whatever the protocol: octets and time in, octets and events out.
//!
//! [`Session`] is the one of windowed protocols. Half-duplex chats (a modem's AT commands, TAP) have their own machines and
//! share everything else of a link: queue, pace, watchdog, replies, reconnecting.

use crate::dialect::{Answer, Dialect, Now};
use crate::event::{Closed, Counts, Event};
use crate::session::Session;
use bytes::BytesMut;
use domain::routing::{Failure, FailureClass};
use ports::driven::{Shipment, Withdrawal};
use std::fmt::Debug;
use std::time::Duration;

/// One conversation over one connection. Sans-IO: it never waits and knows no socket.
pub trait Conversation: Send + 'static {
    /// What is needed to answer something received.
    type AnswerTo: Debug + Send + 'static;

    /// The protocol's name in reports and metrics: `smpp`.
    const PROTOCOL: &'static str;

    /// Whether all sessions of a link log in to one account of its operator, and are let in or refused within a time limit.
    const ONE_ACCOUNT: bool = false;

    /// Whether it can ask its operator to take back what he has.
    const WITHDRAWS: bool = false;

    /// The operator let us in the last time and answered nothing: he has to answer something before he counts as there. To be said before
    /// anything came.
    fn suspect(&mut self, _now: Now) {}

    /// The operator took messages the last time and answered none: he gets one at a time until he answers one. To be said before anything came.
    fn doubt(&mut self) {}

    /// Handles the next whole piece of what was read and takes it off. False when no whole piece is left.
    fn handle_input(&mut self, now: Now, input: &mut BytesMut) -> bool;

    /// Lets time pass.
    fn handle_timeout(&mut self, now: Now);

    /// When [`Conversation::handle_timeout`] must be called although nothing came; `None` = never.
    fn poll_timeout(&self) -> Option<Duration>;

    /// The next event.
    fn poll_event(&mut self) -> Option<Event<Self::AnswerTo>>;

    /// Octets to be written, when there are any. What was written is taken off by the caller.
    fn poll_transmit(&mut self) -> Option<&mut BytesMut>;

    /// How many octets wait to be written.
    fn unwritten(&self) -> usize;

    /// How many segments may be submitted now.
    fn free(&self) -> usize;

    /// How many segments wait for their reply.
    fn in_flight(&self) -> usize;

    /// How many of them were passed over: their replies are as good as lost, and they count for no window any more.
    fn passed_over(&self) -> usize {
        0
    }

    /// Why it is over, once it is.
    fn closed(&self) -> Option<&Closed>;

    /// Why it is about to be over, when the peer has ended it and its last words are still listened to.
    fn ending(&self) -> Option<&Closed> {
        None
    }

    /// What was counted so far.
    fn counts(&self) -> Counts;

    /// Submits a segment (by its index in the shipment) under the caller's token. Only when [`Conversation::free`] says so.
    ///
    /// # Errors
    /// A [`Failure`] when it cannot be said in this protocol: it has its end then.
    fn submit(&mut self, now: Now, token: u64, shipment: &Shipment, index: usize) -> Result<(), Failure>;

    /// Asks the operator to take a segment back, under a token of [`Event::Ended`]. Only where [`Conversation::WITHDRAWS`] and when
    /// [`Conversation::free`] says so.
    ///
    /// # Errors
    /// A [`Failure`] when it cannot be said in this protocol.
    fn withdraw(&mut self, now: Now, token: u64, what: &Withdrawal) -> Result<(), Failure> {
        let _ = (now, token, what);
        let detail = "the protocol has no request for it".to_owned();
        Err(Failure { class: FailureClass::Permanent, code: "unsayable".to_owned(), detail })
    }

    /// Answers something received.
    fn answer(&mut self, to: &Self::AnswerTo, answer: Answer);

    /// Says goodbye.
    fn unbind(&mut self, now: Now);

    /// The connection is gone. What was submitted and certainly not heard by the peer may get its end here (`NotOffered`);
    /// whatever has none afterwards counts as unanswered.
    fn cut_off(&mut self) {}
}

impl<D: Dialect> Conversation for Session<D> {
    type AnswerTo = D::AnswerTo;

    const PROTOCOL: &'static str = D::PROTOCOL;
    const ONE_ACCOUNT: bool = true;
    const WITHDRAWS: bool = D::WITHDRAWS;

    fn suspect(&mut self, now: Now) {
        Session::suspect(self, now);
    }

    fn doubt(&mut self) {
        Session::doubt(self);
    }

    fn handle_input(&mut self, now: Now, input: &mut BytesMut) -> bool {
        Session::handle_input(self, now, input)
    }

    fn handle_timeout(&mut self, now: Now) {
        Session::handle_timeout(self, now);
    }

    fn poll_timeout(&self) -> Option<Duration> {
        Session::poll_timeout(self)
    }

    fn poll_event(&mut self) -> Option<Event<D::AnswerTo>> {
        Session::poll_event(self)
    }

    fn poll_transmit(&mut self) -> Option<&mut BytesMut> {
        Session::poll_transmit(self)
    }

    fn unwritten(&self) -> usize {
        Session::unwritten(self)
    }

    fn free(&self) -> usize {
        Session::free(self)
    }

    fn in_flight(&self) -> usize {
        Session::in_flight(self)
    }

    fn passed_over(&self) -> usize {
        Session::passed_over(self)
    }

    fn closed(&self) -> Option<&Closed> {
        Session::closed(self)
    }

    fn ending(&self) -> Option<&Closed> {
        Session::ending(self)
    }

    fn counts(&self) -> Counts {
        Session::counts(self)
    }

    fn submit(&mut self, now: Now, token: u64, shipment: &Shipment, index: usize) -> Result<(), Failure> {
        Session::submit(self, now, token, shipment, index)
    }

    fn withdraw(&mut self, now: Now, token: u64, what: &Withdrawal) -> Result<(), Failure> {
        Session::withdraw(self, now, token, what)
    }

    fn answer(&mut self, to: &D::AnswerTo, answer: Answer) {
        Session::answer(self, to, answer);
    }

    fn unbind(&mut self, now: Now) {
        Session::unbind(self, now);
    }
}
