//! A user in one text of lines `word<TAB>values`, so that what users learn to have needs no new column.

use super::{encode_fields, split_fields};
use crate::error::unreadable;
use diesel::QueryResult;
use domain::address::Originator;
use domain::directory::{KeyHash, PasswordHash, User, UserName};
use domain::message::{Dimensions, Priority};
use domain::numbering::AllowList;

/// The text of a user.
pub fn encode_user(user: &User) -> String {
    let mut lines = Vec::new();
    let mut line = |word: &str, values: &[String]| {
        lines.push(encode_fields(std::iter::once(word).chain(values.iter().map(String::as_str))));
    };
    if let Some(password) = &user.password {
        line("password", std::slice::from_ref(&password.0));
    }
    line("keys", &user.keys.iter().map(|k| hex(&k.0)).collect::<Vec<_>>());
    line("enabled", &[user.enabled.to_string()]);
    line("addresses", &user.addresses.iter().map(ToString::to_string).collect::<Vec<_>>());
    line("mail_from", &user.mail_from);
    if let Some(originator) = &user.originator {
        line("originator", &[originator.to_string()]);
    }
    if let Some(originators) = &user.originators {
        line("originators", &originators.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    if let Some(allow) = &user.allow {
        line("allow", &allow.allow);
        line("deny", &allow.deny);
        line("short_codes_denied", &[allow.short_codes_denied.to_string()]);
    }
    line("priority", &[user.priority.to_string(), user.max_priority.to_string()]);
    let d = &user.dimensions;
    line("dimensions", &[d.company.clone(), d.department.clone(), d.cost_centre.clone(), d.project.clone()]);
    line("rate", &[user.rate.to_string()]);
    line("administrator", &[user.administrator.to_string()]);
    lines.join("\n")
}

/// The user of a text. A word that is not known is left out: a newer version wrote it.
///
/// # Errors
/// A value that cannot be read: a user with fewer limits than he was given must not come of it.
pub fn decode_user(name: &str, text: &str) -> QueryResult<User> {
    let name = UserName::of_user(name).map_err(|e| unreadable("user", e))?;
    let mut user = User::named(name);
    for line in text.lines() {
        let mut fields = split_fields(line);
        let word = if fields.is_empty() { String::new() } else { fields.remove(0) };
        if set(&mut user, &word, fields).is_none() {
            return Err(unreadable("user", format!("{}: {word}", user.name)));
        }
    }
    Ok(user)
}

fn set(user: &mut User, word: &str, values: Vec<String>) -> Option<()> {
    let first = values.first().cloned().unwrap_or_default();
    match word {
        "password" => user.password = Some(PasswordHash(first)),
        "keys" => user.keys = values.iter().map(|k| unhex(k).map(KeyHash)).collect::<Option<_>>()?,
        "enabled" => user.enabled = first.parse().ok()?,
        "addresses" => user.addresses = values.iter().map(|a| a.parse().ok()).collect::<Option<_>>()?,
        "mail_from" => user.mail_from = values,
        "originator" => user.originator = Some(Originator::parse(&first).ok()?),
        "originators" => {
            user.originators = Some(values.iter().map(|o| Originator::parse(o).ok()).collect::<Option<_>>()?);
        }
        "allow" => limits(user).allow = values,
        "deny" => limits(user).deny = values,
        "short_codes_denied" => limits(user).short_codes_denied = first.parse().ok()?,
        "priority" => {
            user.priority = Priority::parse(&first)?;
            user.max_priority = Priority::parse(values.get(1)?)?;
        }
        "dimensions" => {
            let mut values = values.into_iter();
            let mut next = || values.next().unwrap_or_default();
            user.dimensions =
                Dimensions { company: next(), department: next(), cost_centre: next(), project: next() };
        }
        "rate" => user.rate = first.parse().ok()?,
        "administrator" => user.administrator = first.parse().ok()?,
        _ => {}
    }
    Some(())
}

fn limits(user: &mut User) -> &mut AllowList {
    user.allow.get_or_insert_with(AllowList::default)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|o| format!("{o:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut octets = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (n, octet) in octets.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(n * 2..n * 2 + 2)?, 16).ok()?;
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_comes_back() {
        let mut user = User::named(UserName::parse("crm").expect("name"));
        assert_eq!(decode_user("crm", &encode_user(&user)), Ok(user.clone()));
        user.password = Some(PasswordHash("$argon2id$v=19$x".into()));
        user.keys = vec![KeyHash([0xAB; 32]), KeyHash([1; 32])];
        user.enabled = false;
        user.addresses = vec!["10.0.0.0/8".parse().expect("range"), "::1".parse().expect("range")];
        user.mail_from = vec!["@example.se".into(), "a\tb".into()];
        user.originator = Some(Originator::parse("Example").expect("name"));
        user.originators = Some(vec![Originator::parse("71234").expect("code")]);
        user.allow = Some(AllowList {
            allow: vec!["46".into()],
            deny: vec!["46900".into()],
            short_codes_denied: true,
        });
        user.priority = Priority::Bulk;
        user.max_priority = Priority::High;
        user.dimensions = Dimensions { project: "P1".into(), ..Dimensions::default() };
        user.rate = 7;
        user.administrator = true;
        assert_eq!(decode_user("crm", &encode_user(&user)), Ok(user.clone()));
        user.originators = Some(Vec::new());
        user.allow = Some(AllowList::default());
        assert_eq!(decode_user("crm", &encode_user(&user)), Ok(user));
        assert!(decode_user("crm", "priority\thigh").is_err());
    }
}
