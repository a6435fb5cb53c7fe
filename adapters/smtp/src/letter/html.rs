//! HTML as lines of text: what stands below each other gets lines of its own, what stands beside is parted by a blank.
//!
//! A table row that runs together is another alarm (`Level`, `12`, `5` became `Level125`). Not a browser: of styles only what hides a text, and what it
//! cannot read as markup stays text, so that nothing of an alarm is lost.

use super::entity::{self, character};
use super::link::Link;
use super::tag;
use super::unseen::Unseen;
use crate::trim::Line;

/// Elements that begin and end a line.
const BLOCKS: [&str; 34] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
    "nav",
];

/// Elements nobody sees.
const UNSEEN: [&str; 5] = ["head", "script", "style", "template", "title"];

/// Addresses of links that are remembered as said.
const MOST_ADDRESSES: usize = 100;

/// The lines of a text in HTML. Quoted is what stands in a `blockquote`, and a line that begins with `>` outside of tables: in a cell that is a value.
/// What is hidden is left out, where anything else is there.
#[must_use]
pub fn lines(html: &str) -> Vec<Line> {
    let seen = read(html, false);
    if seen.is_empty() { read(html, true) } else { seen }
}

fn read(html: &str, hidden_too: bool) -> Vec<Line> {
    let mut page = Page { hidden_too, ..Page::default() };
    let mut rest = html;
    let mut head_seen = false;
    while let Some((text, after)) = rest.split_once('<') {
        page.text(text);
        let Some((markup, after)) = markup(after) else {
            page.text("<");
            rest = after;
            break;
        };
        rest = after;
        match markup {
            Markup::Remark => {}
            Markup::Text => page.text("<"),
            Markup::Element { name, closes, tag } => {
                let again = name == "head" && std::mem::replace(&mut head_seen, true);
                if !closes && !again && UNSEEN.contains(&name.as_str()) {
                    rest = after_element(after, &name);
                }
                page.tag(&name, closes, tag);
            }
        }
    }
    page.text(rest);
    page.end_link();
    page.end_line();
    page.lines
}

enum Markup<'a> {
    Element { name: String, closes: bool, tag: &'a str },
    Remark,
    Text,
}

/// What a `<` begins, and what follows; `None` when no markup ends any more.
fn markup(after: &str) -> Option<(Markup<'_>, &str)> {
    if let Some(remark) = after.strip_prefix("!--") {
        let at_once = [">", "->"].iter().find_map(|end| remark.strip_prefix(end));
        let rest = at_once.or_else(|| remark.split_once("-->").map(|(_, rest)| rest));
        return Some((Markup::Remark, rest.unwrap_or_default()));
    }
    let closes = after.starts_with('/');
    let inner = after.strip_prefix('/').unwrap_or(after);
    let remark = after.starts_with(['!', '?']);
    if !remark && !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some((Markup::Text, after));
    }
    let end = end_of_tag(inner)?;
    let rest = inner.get(end + 1..).unwrap_or_default();
    if remark {
        return Some((Markup::Remark, rest));
    }
    let name =
        inner.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next().unwrap_or_default();
    let tag = inner.get(..end).unwrap_or_default();
    Some((Markup::Element { name: name.to_ascii_lowercase(), closes, tag }, rest))
}

/// Where the `>` of a tag is: outside of quotes, or the first one when a quote has no end.
fn end_of_tag(inner: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = b' ';
    for (at, octet) in inner.bytes().enumerate() {
        match (quote, octet) {
            (None, b'>') => return Some(at),
            // Only a value is quoted: an apostrophe elsewhere is none.
            (None, b'"' | b'\'') if before == b'=' => quote = Some(octet),
            (Some(open), _) if open == octet => quote = None,
            _ => {}
        }
        if !octet.is_ascii_whitespace() {
            before = octet;
        }
    }
    inner.find('>')
}

/// What follows an element nobody sees; everything when it has no end, but for a head, which then ends with the body's beginning.
fn after_element<'a>(inner: &'a str, name: &str) -> &'a str {
    let end = find(inner, &format!("</{name}"));
    match end.or_else(|| if name == "head" { find(inner, "<body").or(Some(0)) } else { None }) {
        Some(at) => inner.get(at..).unwrap_or_default(),
        None => "",
    }
}

fn find(text: &str, wanted: &str) -> Option<usize> {
    text.as_bytes().windows(wanted.len()).position(|window| window.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// The lines so far and the one in the making.
#[derive(Default)]
struct Page {
    lines: Vec<Line>,
    line: String,
    blank: bool,
    quotes: usize,
    tables: usize,
    pre: usize,
    unseen: Unseen,
    hidden_too: bool,
    link: Option<Link>,
    /// Addresses that stand in the text.
    said: Vec<String>,
}

impl Page {
    fn tag(&mut self, name: &str, closes: bool, tag: &str) {
        let gone = self.unseen.gone();
        if closes {
            self.unseen.end(name);
        } else if !self.hidden_too {
            self.unseen.begin(name, tag, BLOCKS.contains(&name));
        }
        if name == "a" {
            self.end_link();
            let href = tag::attribute(tag, "href").filter(|_| !closes);
            self.link = href.and_then(|href| Link::to(&entity::decoded(href)));
        }
        if !gone && !self.unseen.gone() {
            self.element(name, closes);
        }
    }

    /// The address of a link behind its words, each once.
    fn end_link(&mut self) {
        let Some(address) = self.link.take().and_then(Link::unsaid) else { return };
        if self.said.contains(&address) {
            return;
        }
        let behind = match self.lines.last_mut() {
            Some(last) if self.line.is_empty() => &mut last.text,
            _ => &mut self.line,
        };
        behind.push_str(&format!(" ({address})"));
        if self.said.len() < MOST_ADDRESSES {
            self.said.push(address);
        }
    }

    fn element(&mut self, name: &str, closes: bool) {
        match name {
            "br" => return self.end_line(),
            "td" | "th" => self.blank = true,
            _ if BLOCKS.contains(&name) => self.end_line(),
            _ => return,
        }
        let depth = match name {
            "blockquote" => &mut self.quotes,
            "table" => &mut self.tables,
            "pre" => &mut self.pre,
            _ => return,
        };
        *depth = if closes { depth.saturating_sub(1) } else { *depth + 1 };
    }

    fn text(&mut self, text: &str) {
        if self.unseen.hides() {
            return;
        }
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            match c {
                '\n' if self.pre > 0 => self.end_line(),
                '&' => {
                    let (named, after) = character(rest);
                    named.chars().for_each(|c| self.push(c));
                    rest = after;
                }
                _ => self.push(c),
            }
        }
    }

    fn push(&mut self, c: char) {
        if let Some(link) = &mut self.link {
            link.words.push(c);
        }
        if c.is_whitespace() {
            self.blank = true;
            return;
        }
        if std::mem::take(&mut self.blank) && !self.line.is_empty() {
            self.line.push(' ');
        }
        self.line.push(c);
    }

    /// Empty lines are left out.
    fn end_line(&mut self) {
        self.blank = false;
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        self.lines.push(match self.quotes {
            0 => Line { quoted: self.tables == 0 && line.starts_with('>'), text: line },
            depth => Line { quoted: true, text: format!("{} {line}", ">".repeat(depth.min(9))) },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        let lines = lines(html);
        lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn blocks_cells_and_line_ends() {
        for (html, expected) in [
            ("<tr><td>Niva</td><td>12</td><td>5</td></tr><tr><th>a<th>b", "Niva 12 5|a b"),
            ("<div>ett</div><div>två</div>tre<p>fyra<p>fem", "ett|två|tre|fyra|fem"),
            ("<ul><li>a</li><li>b</ul><ol><li>c</ol><dl><dt>d<dd>e</dl>", "a|b|c|d|e"),
            ("<h1>Rubrik</h1>text<hr>mer<pre>rad 1\nrad  2</pre>", "Rubrik|text|mer|rad 1|rad 2"),
            ("ett<br/>två<BR class=\"x\">tre<br />fyra", "ett|två|tre|fyra"),
            ("ett\r\n  två <b>t</b>re", "ett två tre"),
            ("<table><tr><td><div>a</div></td><td>b</td></tr></table>", "a|b"),
        ] {
            assert_eq!(shown(html), expected, "{html}");
        }
    }

    #[test]
    fn what_nobody_sees() {
        for (html, expected) in [
            ("<html><head><title>t</title><style>p{}</style></head><body>x", "x"),
            ("<head><title>t</title><body>x", "x"),
            ("<head>x", "x"),
            ("a<style type=\"text/css\">p > a {}</style>b<script>if (a<b) { x(\"</p>\") }</script>c", "abc"),
            ("a<!-- <p>b</p> -->c<!---->d<!--->e<!doctype html>f<?xml x?>g", "acdefg"),
            ("a<style>never ends", "a"),
        ] {
            assert_eq!(shown(html), expected, "{html}");
        }
    }

    #[test]
    fn what_is_hidden() {
        for (html, expected) in [
            ("<div style=\"display:none;max-height:0\">för<div>h</div>and</div><p>Larm</p>", "Larm"),
            ("a<span STYLE='visibility: hidden'>x<b style='visibility:visible'>b</b>x</span>c", "abc"),
            ("<div hidden>x<p>y</div>Larm", "Larm"),
            ("<p style=\"display:none\">x<p>Larm", "Larm"),
            ("<td style=\"font-size:0\">x<div style=\"font-size:13px\">Larm</div>x</td> 5", "Larm|5"),
            ("<a style=\"mso-hide:all\" href=\"#\">Öppna</a>", "Öppna"),
            ("<div style=\"display:none\">Larm", "Larm"),
            ("<input style=\"display:none\">Larm<br hidden>x", "Larm|x"),
            ("<span hidden>x <a href=\"https://e.se/\">y</a></span>Larm", "Larm"),
        ] {
            assert_eq!(shown(html), expected, "{html}");
        }
    }

    #[test]
    fn where_links_lead() {
        for (html, expected) in [
            (
                "Se <a href=\"https://e.se/l?a=1&amp;b=2\"><b>larm</b>et</a> nu",
                "Se larmet (https://e.se/l?a=1&b=2) nu",
            ),
            ("<a href=https://e.se/a>ett</a> <a href=https://e.se/a>två</a>", "ett (https://e.se/a) två"),
            ("<a href=\"https://e.se/a\"><div>ett</div><div>två</div></a>x", "ett|två (https://e.se/a)|x"),
            ("<a href=\"https://e.se\">https://e.se/</a> <a href=\"#x\">upp</a>", "https://e.se/ upp"),
            ("x<a href=\"https://e.se/p\"><img src=p.gif></a>y", "xy"),
            (
                "<a href=\"https://e.se/1\">ett <a href=\"https://e.se/2\">två",
                "ett (https://e.se/1) två (https://e.se/2)",
            ),
        ] {
            assert_eq!(shown(html), expected, "{html}");
        }
    }

    #[test]
    fn what_is_no_markup_stays() {
        for (html, expected) in [
            ("nivå < 4 & tryck > 2 <3", "nivå < 4 & tryck > 2 <3"),
            ("a <b och inget slut", "a <b och inget slut"),
            ("<a title=\"a>b\">x</a> <i it's>y</i> <a b='x>z", "x y z"),
            ("&aring;&#228;&#xF6;&amp;lt; &nbsp;&#128; &nix; &; &aring", "åäö&lt; € &nix; &; &aring"),
            ("&#0;&#xD800;", "\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(shown(html), expected, "{html}");
        }
    }

    #[test]
    fn what_is_quoted() {
        let html = "Ja<blockquote type=cite><div>fråga</div><blockquote>äldre</blockquote></blockquote>&gt; sagt<table><tr><td>&gt; 5 bar</table>";
        let lines: Vec<_> = lines(html).into_iter().map(|line| (line.text, line.quoted)).collect();
        let expected =
            [("Ja", false), ("> fråga", true), (">> äldre", true), ("> sagt", true), ("> 5 bar", false)];
        assert_eq!(lines, expected.map(|(text, quoted)| (text.to_owned(), quoted)));
    }

    #[test]
    fn long_and_odd_input_ends() {
        for piece in [
            "<",
            "<a",
            "<a '",
            "<!--",
            "<head>",
            "<style",
            "&",
            "&#",
            "</",
            "<b ='>",
            "<b style='font-size:0'>",
            "<p hidden><i>",
            "<a href=http:x>y",
        ] {
            let _ = lines(&piece.repeat(50_000)).len();
        }
    }
}
