//! What is entered before `SEND`: recipients, each with the parameters that held at its `PAGE`, and the text.
//!
//! The rule that serves clients that give parameters before each recipient (HylaFAX) and those that give them after all
//! (Net::SNPP): `PAGE` takes a copy of the parameters; what is changed after the last `PAGE` holds for all.

use crate::config::SubjectUse;
use domain::message::Priority;
use domain::submission::Request;
use jiff::Timestamp;
use std::time::Duration;

/// Parameters of a recipient; `None` = not given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Not before.
    pub hold: Option<Timestamp>,
    /// Class.
    pub priority: Option<Priority>,
    /// Flash.
    pub flash: Option<bool>,
    /// Link by name.
    pub link: Option<String>,
    /// Originator.
    pub from: Option<String>,
    /// The person behind the user.
    pub asked_by: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// Worth sending for so long.
    pub valid_for: Option<Duration>,
}

impl Parameters {
    fn overridden_by(&self, newer: &Parameters) -> Parameters {
        Parameters {
            hold: newer.hold.or(self.hold),
            priority: newer.priority.or(self.priority),
            flash: newer.flash.or(self.flash),
            link: newer.link.clone().or_else(|| self.link.clone()),
            from: newer.from.clone().or_else(|| self.from.clone()),
            asked_by: newer.asked_by.clone().or_else(|| self.asked_by.clone()),
            subject: newer.subject.clone().or_else(|| self.subject.clone()),
            valid_for: newer.valid_for.or(self.valid_for),
        }
    }

    /// The request for some recipients and a text.
    #[must_use]
    pub fn request(&self, to: Vec<String>, text: &str, subject: SubjectUse) -> Request {
        let text = match (&self.subject, subject) {
            (Some(subject), SubjectUse::Prefix) if text.is_empty() => subject.clone(),
            (Some(subject), SubjectUse::Prefix) => format!("{subject} {text}"),
            _ => text.to_owned(),
        };
        Request {
            from: self.from.clone(),
            flash: self.flash.unwrap_or(false),
            priority: self.priority,
            reference: if subject == SubjectUse::Reference { self.subject.clone() } else { None },
            send_at: self.hold,
            valid_for: self.valid_for,
            link: self.link.clone(),
            asked_by: self.asked_by.clone(),
            ..Request::text(to, text)
        }
    }
}

/// What has been entered so far.
#[derive(Debug, Clone, Default)]
pub struct Page {
    recipients: Vec<(String, Parameters)>,
    current: Parameters,
    /// Changed since the last `PAGE`.
    pub changed: Parameters,
    /// The text, once given.
    pub text: Option<String>,
}

impl Page {
    /// The parameters as they are now.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        self.current.overridden_by(&self.changed)
    }

    /// Adds a recipient with the parameters as they are now.
    pub fn add(&mut self, to: String) {
        self.current = self.parameters();
        self.changed = Parameters::default();
        self.recipients.push((to, self.current.clone()));
    }

    /// How many recipients there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.recipients.len()
    }

    /// Recipients and text, as one request for each set of parameters in the order they came; `None` when something is missing. A subject alone
    /// is not a text.
    #[must_use]
    pub fn requests(&self, subject: SubjectUse) -> Option<Vec<Request>> {
        let text = self.text.as_deref()?;
        let mut groups: Vec<(Parameters, Vec<String>)> = Vec::new();
        for (to, at_page) in &self.recipients {
            let parameters = at_page.overridden_by(&self.changed);
            match groups.iter_mut().find(|(same, _)| *same == parameters) {
                Some((_, others)) => others.push(to.clone()),
                None => groups.push((parameters, vec![to.clone()])),
            }
        }
        let requests: Vec<_> = groups.into_iter().map(|(p, to)| p.request(to, text, subject)).collect();
        (!requests.is_empty()).then_some(requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_each_or_after_all() {
        let mut page = Page { text: Some("Hej".into()), ..Page::default() };
        assert!(page.requests(SubjectUse::Prefix).is_none());
        page.changed.subject = Some("A".into());
        page.add("1".into());
        page.changed.subject = Some("B".into());
        page.add("2".into());
        page.add("3".into());
        let sent = |page: &Page| {
            let requests = page.requests(SubjectUse::Prefix).unwrap_or_default();
            requests.iter().map(|r| format!("{:?} {:?} {:?}", r.to, r.content, r.flash)).collect::<Vec<_>>()
        };
        assert_eq!(sent(&page), [r#"["1"] Text("A Hej") false"#, r#"["2", "3"] Text("B Hej") false"#]);
        page.changed.flash = Some(true);
        page.changed.subject = Some("C".into());
        assert_eq!(sent(&page), [r#"["1", "2", "3"] Text("C Hej") true"#]);
        let as_reference = page.requests(SubjectUse::Reference).expect("requests");
        assert_eq!(as_reference.first().and_then(|r| r.reference.as_deref()), Some("C"));
    }
}
