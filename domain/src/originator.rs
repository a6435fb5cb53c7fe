//! Which sender a message shows: what was asked for, the user's own, or the link's.

use crate::address::{Alphanumeric, Msisdn, Originator, Recipient};
use crate::directory::{LinkProfile, User};
use crate::language::Words;
use crate::numbering::{self, Country};
use crate::refusal::{Code, Refusal};

/// Reads an originator as a caller writes it: a number in any spelling, a short code or a name.
///
/// # Errors
/// `invalid_originator` with what is wrong.
pub fn parse(input: &str, country: Country) -> Result<Originator, Refusal> {
    let input = input.trim();
    let wrong = |detail: Words| Refusal::field(Code::InvalidOriginator, "from", detail);
    let numeric = !input.is_empty()
        && input.chars().all(|c| c.is_ascii_digit() || " +-()./".contains(c))
        && input.chars().any(|c| c.is_ascii_digit());
    if numeric {
        return match numbering::recipient(input, country, false) {
            Ok(Recipient::Number(number)) => Ok(Originator::Number(number)),
            Ok(Recipient::Short(code)) => Ok(Originator::Short(code)),
            Ok(Recipient::Pager(pager)) => {
                Msisdn::parse(pager.as_str()).map(Originator::Number).map_err(|e| wrong(e.words()))
            }
            Err(refusal) => Err(wrong(refusal.detail)),
        };
    }
    Alphanumeric::parse(input).map(Originator::Name).map_err(|e| wrong(e.words()))
}

/// The originator of a message: the one asked for if the user may use it, else the user's, else none (then the link's is used).
///
/// # Errors
/// `invalid_originator`, `originator_not_allowed`.
pub fn choose(asked: Option<&str>, user: &User, country: Country) -> Result<Option<Originator>, Refusal> {
    let Some(asked) = asked.map(str::trim).filter(|a| !a.is_empty()) else {
        return Ok(user.originator.clone());
    };
    let originator = parse(asked, country)?;
    let own = user.originator.as_ref() == Some(&originator);
    let allowed = own || user.originators.as_ref().is_none_or(|list| list.contains(&originator));
    if allowed {
        Ok(Some(originator))
    } else {
        Err(Refusal::field(Code::OriginatorNotAllowed, "from", asked.to_owned()))
    }
}

/// What a link shows: a name is replaced by the link's own sender where the operator does not carry names.
#[must_use]
pub fn on_link<'a>(chosen: Option<&'a Originator>, link: &'a LinkProfile) -> Option<&'a Originator> {
    match chosen {
        Some(Originator::Name(_)) if !link.alphanumeric => link.originator.as_ref(),
        Some(originator) => Some(originator),
        None => link.originator.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::UserName;

    #[test]
    fn spellings() {
        let cases = [
            ("070-123 45 67", Ok("46701234567")),
            ("71234", Ok("71234")),
            ("Example", Ok("Example")),
            ("Från Tandläkaren", Err(())),
        ];
        for (input, expected) in cases {
            let read = parse(input, Country::SWEDEN).map(|o| o.to_string());
            assert_eq!(read.as_deref().map_err(|_| ()), expected, "{input}");
        }
    }

    #[test]
    fn only_what_is_allowed() {
        let mut user = User::named(UserName::parse("crm").expect("name"));
        user.originator = Originator::parse("Example").ok();
        user.originators = Some(vec![Originator::parse("71234").expect("code")]);
        assert_eq!(choose(None, &user, Country::SWEDEN), Ok(user.originator.clone()));
        assert!(choose(Some("Example"), &user, Country::SWEDEN).is_ok());
        assert!(choose(Some("71234"), &user, Country::SWEDEN).is_ok());
        assert_eq!(
            choose(Some("Bank"), &user, Country::SWEDEN).map_err(|r| r.code),
            Err(Code::OriginatorNotAllowed)
        );
    }
}
