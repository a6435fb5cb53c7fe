//! AUTH PLAIN and LOGIN (RFC 4954, RFC 4616), over TLS or from where it is allowed without.

use super::{Ask, Session, Step, Waiting, say};
use crate::reply::Reply;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Sender;
use domain::refusal::{Code, Refusal};
use ports::driving::Credentials;
use secrecy::SecretString;
use smtp_proto::{AUTH_LOGIN, AUTH_PLAIN};

/// What the next line is.
#[derive(Debug)]
pub(super) enum Login {
    Plain,
    User,
    Password(String),
}

impl Session {
    pub(super) fn auth(&mut self, mechanism: u64, initial: String) -> Step {
        if !self.may_log_in {
            return say(538, "5.7.11", "log in over TLS only, say STARTTLS first");
        }
        if self.sender.is_some() || self.transaction.is_some() {
            return say(503, "5.5.1", "not now");
        }
        match (mechanism, initial.is_empty()) {
            (AUTH_PLAIN, true) => self.challenge(Login::Plain, ""),
            (AUTH_PLAIN, false) => self.login_line(Login::Plain, initial.as_bytes()),
            (AUTH_LOGIN, true) => self.challenge(Login::User, "VXNlcm5hbWU6"),
            (AUTH_LOGIN, false) => self.login_line(Login::User, initial.as_bytes()),
            _ => say(504, "5.5.4", "there are PLAIN and LOGIN"),
        }
    }

    pub(super) fn login_line(&mut self, login: Login, line: &[u8]) -> Step {
        if line == b"*" {
            return say(501, "5.7.0", "cancelled");
        }
        let octets = if line == b"=" { Some(Vec::new()) } else { STANDARD.decode(line.trim_ascii()).ok() };
        let Some(text) = octets.and_then(|octets| String::from_utf8(octets).ok()) else {
            return say(501, "5.5.2", "that is not base64");
        };
        let credentials = match login {
            Login::User => return self.challenge(Login::Password(text), "UGFzc3dvcmQ6"),
            Login::Password(user) => Credentials::Password { user, password: SecretString::from(text) },
            Login::Plain => {
                let mut fields = text.split('\0');
                let (Some(for_whom), Some(user), Some(password), None) =
                    (fields.next(), fields.next(), fields.next(), fields.next())
                else {
                    return say(501, "5.5.2", "that is not PLAIN");
                };
                if !for_whom.is_empty() && for_whom != user {
                    return say(535, "5.7.8", "nobody acts for another here");
                }
                Credentials::Password { user: user.to_owned(), password: SecretString::from(password) }
            }
        };
        self.ask(Waiting::Login, Ask::Enter(credentials))
    }

    pub(super) fn logged_in(&mut self, entered: Result<Sender, Refusal>) -> Step {
        match entered {
            Ok(sender) => {
                self.sender = Some(sender);
                say(235, "2.7.0", "logged in")
            }
            Err(Refusal { code: Code::NotAuthenticated, .. }) => {
                self.logins += 1;
                say(535, "5.7.8", "user or password is wrong")
            }
            Err(refusal) if refusal.code.is_temporary() => say(454, "4.7.0", "try again later"),
            Err(refusal) => {
                self.logins += 1;
                Step::Say(Reply::refusal(&refusal))
            }
        }
    }

    fn challenge(&mut self, login: Login, prompt: &str) -> Step {
        self.login = Some(login);
        Step::Say(Reply::bare(334, vec![prompt.to_owned()]))
    }
}
