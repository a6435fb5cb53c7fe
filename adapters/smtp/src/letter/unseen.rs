//! Which text of HTML nobody sees: what senders put before a mail for the list of mails only, and what they keep from view.

use super::tag::Sight;

/// Elements with a style of their own, one in the other, that are looked at.
const DEEPEST: usize = 64;

/// Elements that have no content.
const EMPTY: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];

/// Where in the page one is.
#[derive(Debug, Default)]
pub struct Unseen {
    open: Vec<Open>,
}

/// An element that changes what is seen.
#[derive(Debug)]
struct Open {
    name: String,
    /// Elements of the same name that are open in it.
    inside: usize,
    gone: bool,
    invisible: bool,
    sizeless: bool,
}

impl Unseen {
    /// Whether nothing here is there, lines and cells neither.
    #[must_use]
    pub fn gone(&self) -> bool {
        self.open.last().is_some_and(|open| open.gone)
    }

    /// Whether letters here are seen.
    #[must_use]
    pub fn hides(&self) -> bool {
        self.open.last().is_some_and(|open| open.gone || open.invisible || open.sizeless)
    }

    /// An element begins. `is_block`: it ends a paragraph that was not closed.
    pub fn begin(&mut self, name: &str, tag: &str, is_block: bool) {
        if is_block {
            self.open
                .iter()
                .position(|open| open.name == "p")
                .into_iter()
                .for_each(|at| self.open.truncate(at));
        }
        if EMPTY.contains(&name) {
            return;
        }
        if let Some(open) = self.open.iter_mut().rev().find(|open| open.name == name) {
            open.inside += 1;
        }
        let sight = Sight::of(tag);
        if sight == Sight::default() || self.open.len() >= DEEPEST {
            return;
        }
        let (gone, invisible, sizeless) =
            self.open.last().map_or((false, false, false), |open| (open.gone, open.invisible, open.sizeless));
        self.open.push(Open {
            name: name.to_owned(),
            inside: 0,
            gone: gone || sight.gone,
            invisible: sight.invisible.unwrap_or(invisible),
            sizeless: sight.sizeless.unwrap_or(sizeless),
        });
    }

    /// An element ends, and with it what was not closed in it.
    pub fn end(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| open.name == name) else { return };
        match self.open.get_mut(at) {
            Some(open) if open.inside > 0 => open.inside -= 1,
            _ => self.open.truncate(at),
        }
    }
}
