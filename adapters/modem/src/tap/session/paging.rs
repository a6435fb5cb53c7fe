//! A page on its way: its blocks, their answers, and answers that come too late to be anybody's.
//!
//! A block that is written again for silence may be answered twice. What may still come is waited for before the next block goes, so that
//! it settles nothing that it is not about.

use super::super::codec::Heard;
use super::super::codes::{Meaning, meaning};
use super::{State, TapSession, refused, told};
use domain::routing::FailureClass;
use ports::driven::PartReply;
use session::Event;
use std::collections::VecDeque;
use std::time::Duration;

/// A page on its way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) token: u64,
    pub(super) started: Duration,
    blocks: VecDeque<Vec<u8>>,
    /// Not to be written again where the central may have it.
    once: bool,
    tries: u8,
    /// Copies of the block under way whose answer did not come yet.
    unheard: u8,
}

impl Job {
    pub(super) fn new(token: u64, blocks: VecDeque<Vec<u8>>, once: bool, started: Duration) -> Self {
        Self { token, started, blocks, once, tries: 0, unheard: 0 }
    }
}

impl TapSession {
    pub(super) fn answered(&mut self, at: Duration, heard: &Heard) {
        let mut left = 0;
        if matches!(heard, Heard::Ack | Heard::Nak | Heard::Rs)
            && let Some(job) = &mut self.job
        {
            job.unheard = job.unheard.saturating_sub(1);
            left = job.unheard;
        }
        match heard {
            Heard::Ack => self.block_taken(at, left),
            // The other copy may have come whole: its answer is waited for.
            Heard::Nak if left > 0 => {
                self.said = None;
                self.state = State::Paging { until: at + self.config.times.answer };
            }
            Heard::Nak => self.again(at, "the central took a block for damaged every time"),
            Heard::Rs => {
                let (class, code, detail) = match self.said.take() {
                    Some((code, text)) => match meaning(code).0 {
                        Meaning::Page(class) => (class, format!("tap-{code}"), told(code, &text)),
                        Meaning::Block | Meaning::Call | Meaning::CallIsFull => {
                            (FailureClass::Temporary, format!("tap-{code}"), told(code, &text))
                        }
                        _ => (FailureClass::Permanent, format!("tap-{code}"), told(code, &text)),
                    },
                    None => (FailureClass::Permanent, "tap-rs".into(), "the central gave the page up".into()),
                };
                self.end(at, refused(class, &code, detail));
                self.settle(at, left);
            }
            // It began anew and has forgotten us.
            Heard::Id => {
                self.doubt(at);
                self.broken("the central began anew in the middle of a page".to_owned());
            }
            _ => {}
        }
    }

    fn block_taken(&mut self, at: Duration, left: u8) {
        let Some(job) = &mut self.job else { return };
        job.blocks.pop_front();
        job.tries = 0;
        if job.blocks.is_empty() {
            self.pages += 1;
            self.end(at, PartReply::Accepted { operator_id: String::new() });
        }
        self.settle(at, left);
    }

    /// A block or a page has its answer, and so many others may still come.
    fn settle(&mut self, at: Duration, left: u8) {
        self.state = State::Settling { until: at + self.config.times.answer, left };
        if left == 0 {
            self.settled(at);
        }
    }

    /// Something was said while late answers are waited for.
    pub(super) fn settling(&mut self, at: Duration, (until, left): (Duration, u8), heard: &Heard) {
        match heard {
            Heard::Ack | Heard::Nak | Heard::Rs => {
                self.counts.late_replies += 1;
                self.said = None;
                self.state = State::Settling { until, left: left.saturating_sub(1) };
                if left <= 1 {
                    self.settled(at);
                }
            }
            Heard::Id => {
                self.doubt_nothing(at);
                self.broken("the central began anew in the middle of a page".to_owned());
            }
            _ => {}
        }
    }

    /// Nothing more comes to what was written: the next block, or the next page.
    pub(super) fn settled(&mut self, at: Duration) {
        self.said = None;
        if let Some(job) = &mut self.job {
            job.unheard = 0;
            return self.write_block(at);
        }
        self.state = State::Ready;
        self.after_a_page(at);
    }

    /// The call is over when it has had its pages or its time.
    pub(super) fn after_a_page(&mut self, at: Duration) {
        let full = self.config.pages_per_call > 0 && self.pages >= self.config.pages_per_call;
        if self.state == State::Ready && (full || at >= self.ends_at) {
            self.leave(at);
        }
    }

    pub(super) fn write_block(&mut self, at: Duration) {
        let Some(job) = &mut self.job else { return };
        let Some(block) = job.blocks.front() else { return };
        self.out.extend_from_slice(block);
        job.unheard = job.unheard.saturating_add(1);
        self.state = State::Paging { until: at + self.config.times.answer };
    }

    /// The same block again, or the end of the page and of the call.
    fn again(&mut self, at: Duration, why: &str) {
        self.said = None;
        let Some(job) = &mut self.job else { return };
        job.tries += 1;
        if job.tries <= self.config.times.tries {
            return self.write_block(at);
        }
        self.end(at, refused(FailureClass::Temporary, "tap-nak", why.to_owned()));
        self.broken(why.to_owned());
    }

    pub(super) fn not_answered(&mut self, at: Duration) {
        let may_be_taken = self.is_last_block_out();
        let Some(job) = &mut self.job else { return };
        job.tries += 1;
        let forbidden = may_be_taken && job.once;
        if job.tries <= self.config.times.tries && !forbidden {
            if may_be_taken {
                self.events.push_back(Event::Repeated { token: job.token });
            }
            return self.write_block(at);
        }
        self.doubt(at);
        self.broken("the central does not answer".to_owned());
    }

    /// The page's end when nobody will say what became of it.
    fn doubt(&mut self, at: Duration) {
        let end = if self.is_last_block_out() { PartReply::Unanswered } else { PartReply::NotOffered };
        self.end(at, end);
    }

    pub(super) fn doubt_nothing(&mut self, at: Duration) {
        self.end(at, PartReply::NotOffered);
    }

    /// Whether the last block of the page, or some of it, was written: the central may have the whole page.
    pub(super) fn is_last_block_out(&self) -> bool {
        let job = self.job.as_ref().filter(|job| job.blocks.len() <= 1);
        let block = job.and_then(|job| job.blocks.front());
        let waits = block.is_some_and(|block| self.out.len() >= block.len());
        job.is_some() && !waits && matches!(self.state, State::Paging { .. })
    }

    /// Whether what we said last may not be written yet, or is not yet: the central owes no answer.
    pub(super) fn is_kept_waiting(&self) -> bool {
        self.quiet_until.is_some() || !self.out.is_empty()
    }

    /// The answer that is waited for has its whole time from now on.
    pub(super) fn wait_on(&mut self, at: Duration) {
        let (answer, ask_again) = (at + self.config.times.answer, at + self.config.times.ask_again);
        match &mut self.state {
            State::LoggingOn { until } | State::Paging { until } | State::Settling { until, .. } => {
                *until = answer.max(*until);
            }
            State::Asking { until, .. } => *until = ask_again.max(*until),
            State::Admitted { .. } | State::Ready | State::Leaving { .. } => {}
        }
    }
}
