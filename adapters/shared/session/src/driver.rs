//! Moves octets between one session and one connection, messages from the link's queue into the session, and what comes
//! of them to the application.
//!
//! One wake handles all frames that were read and writes everything they gave rise to in one write. It reads on while a
//! write is stuck, and stops reading only when too much waits to be answered.

use crate::choice::Free;
use crate::conversation::Conversation;
use crate::dialect::{Answer, Now, Role};
use crate::event::{Closed, Counts, Event};
use crate::full::Fullness;
use crate::jobs::Jobs;
use crate::logins::Login;
use crate::options::Connection;
use crate::shared::Shared;
use crate::withdraw::Asked;
use crate::work::{Work, pack};
use bytes::BytesMut;
use ports::driven::PartReply;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};

/// Read at once.
const READ: usize = 32 * 1024;
/// Things the operator may wait for an answer to before nothing more is read.
const MOST_UNANSWERED: usize = 1_000;
/// How long nothing is read for that; then what comes is put off at once, so that replies and keep-alives are heard.
const LONGEST_STALL: Duration = Duration::from_secs(2);
/// Octets that may wait to be written before nothing more is read.
const MOST_UNWRITTEN: usize = 256 * 1024;
/// Finished messages that may wait to be stored before no more are sent.
const MOST_DONE: usize = 4_096;
/// How long a farewell may take to be written.
const FAREWELL: Duration = Duration::from_secs(1);
/// Nothing to do: how long to sleep.
const LONG: Duration = Duration::from_secs(60);

/// How a session ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Why.
    pub(crate) why: Closed,
    /// How long it was bound.
    pub(crate) bound_for: Option<Duration>,
    /// Whether the operator took or refused any segment in it.
    pub(crate) worked: bool,
    /// Whether one came back as if it had not been offered.
    pub(crate) in_vain: bool,
}

/// One session on one connection.
pub(crate) struct Driver<C: Conversation> {
    shared: Arc<Shared>,
    place: usize,
    role: Role,
    host: String,
    session: C,
    work: Work,
    jobs: Jobs<C::AnswerTo>,
    input: BytesMut,
    now: Now,
    bound_at: Option<Duration>,
    mark: Option<BoundMark>,
    flushing: bool,
    stuck_since: Option<Duration>,
    stalled_since: Option<Duration>,
    again_at: Option<Duration>,
    recalls: u64,
    counted: Counts,
    worked: bool,
    in_vain: bool,
    idle_since: Option<Duration>,
    full: Fullness,
    login: Option<Login>,
    asked: Asked,
}

impl<C: Conversation> Driver<C> {
    pub(crate) fn new(
        shared: Arc<Shared>,
        slot: (usize, Role),
        host: String,
        session: C,
        login: Login,
    ) -> Self {
        let (place, role) = slot;
        let now = shared.now();
        Self {
            session,
            work: Work::new(shared.clone()),
            jobs: Jobs::new(shared.clone()),
            recalls: shared.recalls(),
            shared,
            place,
            role,
            host,
            input: BytesMut::with_capacity(READ),
            now,
            bound_at: None,
            mark: None,
            flushing: false,
            stuck_since: None,
            stalled_since: None,
            again_at: None,
            counted: Counts::default(),
            worked: false,
            in_vain: false,
            idle_since: None,
            full: Fullness::default(),
            login: Some(login),
            asked: Asked::default(),
        }
    }

    /// Runs until the session or the connection is over.
    pub(crate) async fn run(mut self, connection: Box<dyn Connection>) -> Ended {
        let (mut reader, mut writer) = tokio::io::split(connection);
        let why = match self.turns(&mut reader, &mut writer).await {
            Ok(why) => why,
            // The connection may end before the last words that are waited for.
            Err(error) => self.session.ending().cloned().unwrap_or_else(|| Closed::Broken(error.to_string())),
        };
        if let (Closed::Refused(refusal), Some(login)) = (&why, self.login.take())
            && refusal.login
        {
            login.refused(self.shared.clock.monotonic());
        }
        self.farewell(&mut writer).await;
        self.shared.meters.disconnects.increment(1);
        let bound_for = self.bound_at.map(|at| self.shared.clock.monotonic().saturating_sub(at));
        self.session.cut_off();
        self.events();
        self.work.close(self.shared.clock.now());
        self.shared.return_replies(std::mem::take(self.work.done()));
        self.count();
        self.mark = None;
        self.jobs.leave();
        Ended { why, bound_for, worked: self.worked, in_vain: self.in_vain }
    }

    async fn turns(
        &mut self,
        reader: &mut ReadHalf<Box<dyn Connection>>,
        writer: &mut WriteHalf<Box<dyn Connection>>,
    ) -> io::Result<Closed> {
        let shared = self.shared.clone();
        let Some(place) = shared.places.get(self.place) else { return Ok(Closed::Finished) };
        let mut answers = Vec::new();
        loop {
            self.turn();
            if let Some(why) = self.session.closed() {
                return Ok(why.clone());
            }
            let pause = self.pause();
            if self.is_stuck() {
                return Ok(Closed::Broken("the operator stopped reading".into()));
            }
            let may_read = self.may_read();
            let unwritten = self.session.unwritten() > 0 || self.flushing;
            self.input.reserve(READ);
            tokio::select! {
                biased;
                written = write(writer, &mut self.session, &mut self.flushing), if unwritten => {
                    if written? == 0 {
                        return Err(io::ErrorKind::WriteZero.into());
                    }
                    self.stuck_since = None;
                }
                () = self.jobs.next(&mut answers) => {
                    answers.drain(..).for_each(|(to, answer)| self.session.answer(&to, answer));
                }
                read = reader.read_buf(&mut self.input), if may_read => {
                    if read? == 0 {
                        return Err(io::Error::other("the operator closed the connection"));
                    }
                    self.now = self.shared.now();
                    while self.session.handle_input(self.now, &mut self.input) {
                        self.events();
                    }
                    self.events();
                    continue;
                }
                () = place.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
            self.now = self.shared.now();
        }
    }

    /// Everything that needs no waiting.
    fn turn(&mut self) {
        if self.session.poll_timeout().is_some_and(|at| at <= self.now.monotonic) {
            self.session.handle_timeout(self.now);
        }
        self.events();
        let recalls = self.shared.recalls();
        if recalls != self.recalls {
            self.recalls = recalls;
            self.work.recall(self.now.wall);
        }
        self.submit();
        self.events();
        if self.shared.is_stopping() && self.work.is_empty() && self.jobs.unanswered() == 0 {
            self.session.unbind(self.now);
        }
        self.hang_up_when_idle();
        self.jobs.launch(self.work.done());
        self.shared.in_flight(self.place, self.session.in_flight());
        self.count();
    }

    /// A connection that costs something ends when it has had nothing to do for a while.
    fn hang_up_when_idle(&mut self) {
        let Some(demand) = self.shared.options.on_demand else { return };
        let wanted = !self.shared.is_held() && self.shared.waiting() > 0;
        let idle = !wanted
            && self.bound_at.is_some()
            && self.session.in_flight() == 0
            && self.work.is_empty()
            && self.jobs.unanswered() == 0;
        if !idle {
            self.idle_since = None;
        } else if *self.idle_since.get_or_insert(self.now.monotonic) + demand.idle <= self.now.monotonic {
            self.session.unbind(self.now);
        }
    }

    fn submit(&mut self) {
        self.again_at = None;
        if !self.role.sends() || self.work.done().len() >= MOST_DONE {
            return;
        }
        self.withdraw();
        self.work.make_way(self.now.wall);
        // What is left of a begun message goes in any case: it can end only as a whole.
        let backlog = self.work.backlog();
        let free = self.session.free().min(self.may_be_doubled().max(backlog));
        let idle =
            backlog == 0 && self.session.in_flight() == 0 && self.work.unstored() + self.jobs.unstored() == 0;
        let free = Free { places: free, idle };
        let pulled = self.shared.pull(self.place, self.now.monotonic, backlog, free);
        pulled.shipments.into_iter().for_each(|shipment| self.work.add(shipment));
        self.again_at = pulled.again_at.into_iter().chain(self.again_at).min();
        let mut written = 0;
        while written < pulled.permits && self.session.free() > 0 {
            let Some((token, shipment)) = self.work.next(self.now.wall) else { break };
            match self.session.submit(self.now, pack(token), shipment, token.1) {
                Ok(()) => written += 1,
                Err(failure) => self.work.ended(pack(token), PartReply::Refused(failure), self.now.wall),
            }
        }
        self.shared.meters.submits.increment(written as u64);
    }

    /// Asks the operator to take back what is wished, in a part of the window only: submits are not held up by an operator that does not answer it. A link
    /// that is held asks all the same.
    fn withdraw(&mut self) {
        let most = (self.shared.options.limits.window / 2).max(1);
        while self.asked.len() < most
            && self.session.free() > 0
            && !self.shared.is_stopping()
            && !self.shared.wishes.is_empty()
        {
            if let Err(at) = self.shared.one_more(self.now.monotonic) {
                self.again_at = at;
                return;
            }
            let Some(wish) = self.shared.wishes.pop() else { return };
            let token = self.asked.token();
            let written = self.session.withdraw(self.now, token, &wish.what);
            self.asked.asked(token, wish, written.map_err(|failure| failure.detail));
        }
    }

    /// How many more segments may be written before a crash could double more of them than the options allow. What was passed over, and the
    /// answered rest of its message, will be sent again without a crash too: it shuts no window.
    fn may_be_doubled(&self) -> usize {
        let limits = &self.shared.options.limits;
        let unstored = self.work.unstored() + self.jobs.unstored();
        (limits.window + limits.replies_ahead)
            .saturating_sub(self.session.in_flight() - self.session.passed_over() + unstored)
    }

    fn events(&mut self) {
        while let Some(event) = self.session.poll_event() {
            let Some(event) = self.asked.hear(event) else { continue };
            match event {
                Event::Bound => self.bound(),
                Event::Lost { why } => self.lost(why),
                Event::Mute { why } => self.falls_mute(&why),
                Event::Doing(what) => self.shared.set_detail(self.place, what),
                Event::Ended { token, end, took } => {
                    let untouched = end == PartReply::NotOffered;
                    if matches!(end, PartReply::Accepted { .. }) {
                        self.full.taken();
                    }
                    self.worked |= !untouched;
                    self.in_vain |= untouched;
                    if let Some(took) = took {
                        self.shared.meters.round_trip.record(took.as_secs_f64());
                    }
                    self.work.ended(token, end, self.now.wall);
                }
                Event::PassedOver { token } => self.work.passed_over(token),
                Event::Throttled { token, failure } => {
                    self.shared.meters.throttled.increment(1);
                    self.shared.throttle(self.now.monotonic);
                    self.work.throttled(token, failure, self.now.wall);
                }
                Event::Again { token, failure } => self.work.throttled(token, failure, self.now.wall),
                Event::Repeated { token } => self.work.repeated(token),
                Event::Strained => self.shared.strain(self.now.monotonic),
                Event::Full { token } => {
                    let who = self.work.recipient(token);
                    if who.is_some_and(|who| self.full.refused(who, self.now.monotonic)) {
                        self.shared.strain(self.now.monotonic);
                    }
                }
                Event::Mo { to, .. } | Event::Receipt { to, .. } if self.is_full() => {
                    self.session.answer(&to, Answer::TryAgain);
                }
                Event::Mo { to, part } => self.jobs.mo(to, part),
                Event::Receipt { to, receipt } => self.jobs.receipt(to, receipt),
            }
        }
    }

    fn bound(&mut self) {
        self.bound_at.get_or_insert(self.now.monotonic);
        self.shared.set_detail(self.place, format!("bound to {}", self.host));
        tracing::info!(link = %self.shared.id, session = self.place, host = self.host, "bound");
        self.mark = Some(BoundMark::new(self.shared.clone(), self.place, self.role));
        if let Some(login) = self.login.take() {
            login.accepted();
            self.shared.bar(false);
            self.shared.wake_all();
        }
        if self.shared.options.on_demand.is_some() {
            self.shared.ready(true);
        }
    }

    /// The connection stays, submits do not go: what is not written goes back.
    fn lost(&mut self, why: String) {
        tracing::warn!(link = %self.shared.id, session = self.place, host = self.host, why, "cannot send");
        self.shared.set_detail(self.place, format!("{}: {why}", self.host));
        self.mark = None;
        self.work.recall(self.now.wall);
    }

    /// Nothing more is written and what is under way waits on; what waits for the link goes back where no other session sends.
    fn falls_mute(&mut self, why: &str) {
        tracing::warn!(link = %self.shared.id, session = self.place, host = self.host, why, "cannot send");
        self.shared.set_detail(self.place, format!("{}: {why}", self.host));
        self.mark = None;
        self.shared.give_back_if_down();
    }

    /// How long nothing has to be done.
    fn pause(&mut self) -> Duration {
        let now = self.now.monotonic;
        if self.is_full() {
            self.stalled_since.get_or_insert(now);
        } else {
            self.stalled_since = None;
        }
        if self.session.unwritten() > 0 || self.flushing {
            self.stuck_since.get_or_insert(now);
        } else {
            self.stuck_since = None;
        }
        let stuck = self.stuck_since.map(|since| since + self.shared.options.write_timeout);
        let stalled = self.stalled_since.map(|since| since + LONGEST_STALL).filter(|at| *at > now);
        let idle =
            self.idle_since.zip(self.shared.options.on_demand).map(|(since, demand)| since + demand.idle);
        let next = [self.session.poll_timeout(), self.again_at, stuck, stalled, idle.filter(|at| *at > now)];
        next.into_iter().flatten().min().map_or(LONG, |at| at.saturating_sub(now)).min(LONG)
    }

    /// More would have to be remembered than is allowed.
    fn is_full(&self) -> bool {
        self.jobs.unanswered() >= MOST_UNANSWERED
    }

    fn may_read(&self) -> bool {
        let patient = self.stalled_since.is_some_and(|since| since + LONGEST_STALL > self.now.monotonic);
        !patient && self.session.unwritten() < MOST_UNWRITTEN
    }

    fn is_stuck(&self) -> bool {
        self.stuck_since.is_some_and(|since| since + self.shared.options.write_timeout <= self.now.monotonic)
    }

    fn count(&mut self) {
        let counts = self.session.counts();
        if counts != self.counted {
            let meters = &self.shared.meters;
            meters.unknown_replies.increment(counts.unknown_replies - self.counted.unknown_replies);
            meters.bad_frames.increment(counts.bad_frames - self.counted.bad_frames);
            meters.late_replies.increment(counts.late_replies - self.counted.late_replies);
            self.counted = counts;
        }
    }

    /// Last words: a nack, the answer to a goodbye.
    async fn farewell(&mut self, writer: &mut WriteHalf<Box<dyn Connection>>) {
        let said = async {
            let flushing = &mut false;
            while self.session.unwritten() > 0
                && write(writer, &mut self.session, flushing).await.is_ok_and(|n| n > 0)
            {}
            let _ = writer.shutdown().await;
        };
        let _ = tokio::time::timeout(FAREWELL, said).await;
    }
}

/// Writes what it can. What a TLS layer has taken and not sent is flushed, if need be by the next call.
async fn write<C: Conversation>(
    writer: &mut WriteHalf<Box<dyn Connection>>,
    session: &mut C,
    flushing: &mut bool,
) -> io::Result<usize> {
    let mut written = 1;
    if let Some(out) = session.poll_transmit() {
        *flushing = true;
        written = writer.write_buf(out).await?;
    }
    writer.flush().await?;
    *flushing = false;
    Ok(written)
}

/// While it lives, the link counts the session as bound; also a panic ends that.
struct BoundMark {
    shared: Arc<Shared>,
    place: usize,
    role: Role,
}

impl BoundMark {
    fn new(shared: Arc<Shared>, place: usize, role: Role) -> Self {
        let mark = Self { shared, place, role };
        mark.shared.bound(place, role, true);
        mark
    }
}

impl Drop for BoundMark {
    fn drop(&mut self) {
        self.shared.bound(self.place, self.role, false);
    }
}
