//! Who tells the people that run the gateway: mail, or the log alone.

use crate::config::Loaded;
use anyhow::bail;
use ops::RememberedNotices;
use ports::driven::{Notice, Notices};
use smtp::relay::{MailNotices, MailRelay};
use std::sync::Arc;

/// Nobody is to be told by mail: whoever gives notices says it in the log as well.
struct LogAlone;

impl Notices for LogAlone {
    fn give(&self, _: Notice) {}
}

/// Several mailboxes.
struct All(Vec<MailNotices>);

impl Notices for All {
    fn give(&self, notice: Notice) {
        self.0.iter().for_each(|one| one.give(notice.clone()));
    }
}

/// Tells these mailboxes by the relay. Must be called inside a tokio runtime.
///
/// # Errors
/// A mailbox without a relay, or that is no address.
pub fn to_mailboxes<'a>(
    mailboxes: impl IntoIterator<Item = &'a str>,
    relay: Option<&Arc<MailRelay>>,
) -> anyhow::Result<Arc<dyn Notices>> {
    let mut all = Vec::new();
    for mailbox in mailboxes {
        let Some(relay) = relay else {
            bail!("{mailbox} can be told by a mail relay only: [smtp.relay] host")
        };
        all.push(MailNotices::start(Arc::clone(relay), mailbox)?);
    }
    Ok(if all.is_empty() { Arc::new(LogAlone) } else { Arc::new(All(all)) })
}

/// Tells those of `[alarm]`, and remembers in the data directory what they were told.
///
/// # Errors
/// As [`to_mailboxes`].
pub fn of_alarms(loaded: &Loaded, relay: Option<&Arc<MailRelay>>) -> anyhow::Result<Arc<dyn Notices>> {
    let mailboxes = loaded.config.alarm.mail.iter().map(|mailbox| mailbox.get_ref().as_str());
    Ok(Arc::new(RememberedNotices::new(to_mailboxes(mailboxes, relay)?, &loaded.config.node.data_dir)))
}
