//! The profiles that are shipped, each a file beside this crate's sources.

use super::Profile;

/// Names and texts of what is shipped.
pub const SHIPPED: [(&str, &str); 8] = [
    ("telenor-sms-pro", include_str!("../profiles/telenor-sms-pro.toml")),
    ("46elks", include_str!("../profiles/46elks.toml")),
    ("link-mobility", include_str!("../profiles/link-mobility.toml")),
    ("cellsynt", include_str!("../profiles/cellsynt.toml")),
    ("pixie", include_str!("../profiles/pixie.toml")),
    ("sinch", include_str!("../profiles/sinch.toml")),
    ("kannel", include_str!("../profiles/kannel.toml")),
    ("omnigate", include_str!("../profiles/omnigate.toml")),
];

/// A shipped profile.
#[must_use]
pub fn shipped(name: &str) -> Option<Profile> {
    let (_, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
    Profile::read(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_can_be_read() {
        for (name, text) in SHIPPED {
            if let Err(flaws) = Profile::read(text) {
                panic!("{name}: {flaws:?}");
            }
        }
        assert!(shipped("46elks").is_some() && shipped("x").is_none());
    }
}
