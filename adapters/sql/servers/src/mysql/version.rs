//! Which servers the store works with, by what they say of themselves.

/// The oldest that skips rows others have locked.
const OLDEST: (u32, u32) = (10, 6);

/// The server in words, from what `VERSION()` says; an error, in words too, for one that the store does not work with.
pub(super) fn supported(version: &str) -> Result<String, String> {
    // Before such a version some proxies put another, for clients that know of no MariaDB.
    let own = version.strip_prefix("5.5.5-").unwrap_or(version);
    if !own.to_ascii_lowercase().contains("mariadb") {
        return Err(format!(
            "the server is MySQL {version}, which is not supported; use MariaDB 10.6 or later, or PostgreSQL"
        ));
    }
    let mut numbers = own.split(['.', '-']).map_while(|n| n.parse::<u32>().ok());
    let known = numbers.next().zip(numbers.next());
    if known.is_none_or(|known| known < OLDEST) {
        return Err(format!("the server is MariaDB {own}; the store needs 10.6 or later"));
    }
    Ok(format!("MariaDB {own}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        for version in
            ["10.11.19-MariaDB-0+deb12u1", "10.6.16-MariaDB-log", "11.4.2-MariaDB", "12.0.1-mariadb"]
        {
            assert_eq!(supported(version), Ok(format!("MariaDB {version}")));
        }
        assert_eq!(supported("5.5.5-10.6.12-MariaDB"), Ok("MariaDB 10.6.12-MariaDB".to_owned()));
        for (version, why) in [
            ("8.0.36-0ubuntu0.22.04.1", "MySQL 8.0.36"),
            ("9.1.0", "MySQL 9.1.0"),
            ("", "MySQL"),
            ("10.5.23-MariaDB-0+deb11u1", "10.6 or later"),
            ("5.5.68-MariaDB", "10.6 or later"),
            ("MariaDB", "10.6 or later"),
        ] {
            let refused = supported(version);
            assert!(refused.as_ref().is_err_and(|text| text.contains(why)), "{version}: {refused:?}");
        }
    }
}
