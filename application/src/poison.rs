//! What a link reports and nobody can take: tried three times, then put in quarantine, so that the link goes on and the operator gets a final
//! answer instead of sending it again for ever.
//!
//! A store that does not answer now is no poison: then the operator is asked to try again. Poison is what makes its handler panic, or what the
//! store can never take.

use crate::alarms::Alarm;
use crate::handoff::GivenUp;
use async_trait::async_trait;
use domain::directory::LinkId;
use domain::mo::MoPart;
use domain::receipt::Receipt;
use futures_util::FutureExt as _;
use ports::driven::{About, Clock, Poison, Quarantine, Trouble};
use ports::driving::{ReceiveError, ReceiveMessages, Reply};
use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

/// How often a thing is tried before it is put away.
const TRIES: usize = 3;

/// Guards what takes from links.
pub(crate) struct Guarded {
    pub inner: Arc<dyn ReceiveMessages>,
    pub quarantine: Arc<dyn Quarantine>,
    pub clock: Arc<dyn Clock>,
    /// Who has people told of what was put away.
    pub tell: Box<dyn Fn(Alarm) + Send + Sync>,
    /// Whether they were told of some within the hour.
    pub told: GivenUp,
}

#[async_trait]
impl ReceiveMessages for Guarded {
    async fn mo(&self, part: MoPart) -> Result<(), ReceiveError> {
        let kept = part.clone();
        self.guard(|| self.inner.mo(part.clone()), || Poison::Mo(kept)).await
    }

    /// Together when all is well. When one of them is poison the others are taken one by one.
    async fn receipts(&self, receipts: Vec<Receipt>) -> Vec<Result<(), ReceiveError>> {
        let together = AssertUnwindSafe(self.inner.receipts(receipts.clone())).catch_unwind().await;
        if let Ok(answers) = together
            && answers.len() == receipts.len()
            && !answers.contains(&Err(ReceiveError::Refused))
        {
            return answers;
        }
        let mut answers = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            let one = async || {
                let taken = self.inner.receipts(vec![receipt.clone()]).await;
                taken.into_iter().next().unwrap_or(Err(ReceiveError::TryAgain))
            };
            answers.push(self.guard(one, || Poison::Receipt(receipt.clone())).await);
        }
        answers
    }

    async fn replies(&self, replies: Vec<Reply>) {
        self.inner.replies(replies).await;
    }

    fn link_changed(&self, link: &LinkId) {
        self.inner.link_changed(link);
    }
}

impl Guarded {
    async fn guard<F>(
        &self,
        take: impl Fn() -> F,
        poison: impl FnOnce() -> Poison,
    ) -> Result<(), ReceiveError>
    where
        F: Future<Output = Result<(), ReceiveError>>,
    {
        let mut why = String::new();
        for _ in 0..TRIES {
            match AssertUnwindSafe(take()).catch_unwind().await {
                Ok(Err(ReceiveError::Refused)) => "the store can never take it".clone_into(&mut why),
                Ok(answer) => return answer,
                Err(panic) => why = format!("its handler panicked: {}", said(panic.as_ref())),
            }
        }
        self.put_away(poison(), why).await
    }

    async fn put_away(&self, poison: Poison, why: String) -> Result<(), ReceiveError> {
        let (kind, link) = match &poison {
            Poison::Mo(part) => ("mo", part.link.clone()),
            Poison::Receipt(receipt) => ("receipt", receipt.link.clone()),
        };
        metrics::counter!("omnigate_quarantined_total", "kind" => kind, "link" => link.to_string())
            .increment(1);
        match self.quarantine.keep(poison, why.clone(), self.clock.now()).await {
            Ok(()) => {
                tracing::error!(kind, %link, why, "put in quarantine; `omnigate quarantine` shows it");
                if self.told.is_news(self.clock.monotonic()) {
                    let (about, trouble) = (About::Link(link), Trouble::Quarantine);
                    (self.tell)(Alarm {
                        about,
                        trouble,
                        cleared: false,
                        detail: why,
                        lasted: Duration::ZERO,
                    });
                }
                Ok(())
            }
            Err(error) => {
                tracing::error!(kind, %link, why, %error, "cannot be taken and not be put in quarantine either");
                Err(ReceiveError::TryAgain)
            }
        }
    }
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;
    use domain::mo::MoBody;
    use domain::receipt::Verdict;
    use fakes::{ManualClock, MemoryQuarantine};
    use std::sync::Mutex;

    /// Panics for `bad`, refuses `never`, is not ready for `later`; remembers what it took.
    #[derive(Default)]
    struct Picky {
        took: Mutex<Vec<String>>,
        calls: Mutex<usize>,
    }

    impl Picky {
        fn judge(&self, text: &str) -> Result<(), ReceiveError> {
            *self.calls.lock().expect("calls") += 1;
            match text {
                "bad" => panic!("no handler for {text}"),
                "never" => Err(ReceiveError::Refused),
                "later" => Err(ReceiveError::TryAgain),
                _ => {
                    self.took.lock().expect("took").push(text.to_owned());
                    Ok(())
                }
            }
        }
    }

    #[async_trait]
    impl ReceiveMessages for Picky {
        async fn mo(&self, part: MoPart) -> Result<(), ReceiveError> {
            self.judge(&part.source)
        }
        async fn receipts(&self, receipts: Vec<Receipt>) -> Vec<Result<(), ReceiveError>> {
            receipts.iter().map(|receipt| self.judge(&receipt.operator_id)).collect()
        }
        async fn replies(&self, _: Vec<Reply>) {}
        fn link_changed(&self, _: &LinkId) {}
    }

    fn link() -> LinkId {
        LinkId::parse("TS0").expect("a name")
    }

    fn part(source: &str) -> MoPart {
        MoPart {
            link: link(),
            source: source.to_owned(),
            destination: "72456".to_owned(),
            concat: None,
            body: MoBody::Text("hej".to_owned()),
            received_at: Timestamp::UNIX_EPOCH,
            operator_at: None,
            operator_id: String::new(),
            said_before: 0,
        }
    }

    fn receipt(id: &str) -> Receipt {
        Receipt {
            link: link(),
            operator_id: id.to_owned(),
            recipient: None,
            verdict: Verdict::Delivered,
            error: String::new(),
            done_at: None,
        }
    }

    type Told = Arc<Mutex<Vec<String>>>;

    fn guarded() -> (Arc<Picky>, Arc<MemoryQuarantine>, Guarded, Told) {
        let told = Told::default();
        let kept = Arc::clone(&told);
        let (picky, quarantine) = (Arc::new(Picky::default()), Arc::new(MemoryQuarantine::default()));
        let guarded = Guarded {
            inner: Arc::clone(&picky) as _,
            quarantine: Arc::clone(&quarantine) as _,
            clock: Arc::new(ManualClock::default()),
            tell: Box::new(move |alarm| kept.lock().expect("told").push(alarm.about.to_string())),
            told: GivenUp::default(),
        };
        (picky, quarantine, guarded, told)
    }

    #[tokio::test]
    async fn three_tries_and_then_away() {
        let (picky, quarantine, guarded, told) = guarded();
        for (source, answer, calls, kept) in [
            ("good", Ok(()), 1, 0),
            ("later", Err(ReceiveError::TryAgain), 1, 0),
            ("bad", Ok(()), 3, 1),
            ("never", Ok(()), 3, 2),
        ] {
            *picky.calls.lock().expect("calls") = 0;
            assert_eq!(guarded.mo(part(source)).await, answer, "{source}");
            assert_eq!(
                (*picky.calls.lock().expect("calls"), quarantine.kept().len()),
                (calls, kept),
                "{source}"
            );
        }
        let kept = quarantine.kept();
        assert_eq!(
            kept.first(),
            Some(&(Poison::Mo(part("bad")), "its handler panicked: no handler for bad".to_owned()))
        );
        assert_eq!(*told.lock().expect("told"), ["TS0"], "once an hour");
    }

    #[tokio::test]
    async fn one_bad_receipt_holds_up_no_other() {
        let (picky, quarantine, guarded, _) = guarded();
        let answers = guarded.receipts(["1", "bad", "2", "later", "never"].map(receipt).to_vec()).await;
        assert_eq!(answers, [Ok(()), Ok(()), Ok(()), Err(ReceiveError::TryAgain), Ok(())]);
        let took = picky.took.lock().expect("took").clone();
        assert!(took.contains(&"1".to_owned()) && took.contains(&"2".to_owned()));
        let kept: Vec<_> = quarantine.kept().into_iter().map(|(poison, _)| poison).collect();
        assert_eq!(kept, [Poison::Receipt(receipt("bad")), Poison::Receipt(receipt("never"))]);
    }
}
