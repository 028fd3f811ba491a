//! Whether a style sheet of a tenant may be served: it is whole, and it names no other place. Pure.
//!
//! The content security policy holds the same line a second time. What a sheet hides, the tenant hides.

use std::fmt;

use super::{Place, embedded::Room};

/// Largest sheet, in bytes.
pub(super) const MAX: usize = 32 * 1024;
/// Rules that begin with `@` and fetch nothing.
const RULES: [&str; 8] =
    ["media", "supports", "container", "layer", "keyframes", "-webkit-keyframes", "font-face", "property"];
/// What is white space to browsers: no other kind ends or begins anything.
const SPACE: [char; 5] = [' ', '\t', '\r', '\n', '\u{c}'];
/// Functions that fetch what a text names.
const FETCHING: [&str; 5] = ["image-set", "-webkit-image-set", "image", "src", "expression"];

/// What is wrong with a sheet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wrong {
    line: usize,
    what: &'static str,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {})", self.what, self.line)
    }
}

/// Judges a sheet, token by token (CSS Syntax Level 3, as far as is needed to know where a token ends).
pub(super) fn check(css: &str) -> Result<(), Wrong> {
    let mut sheet = Sheet { rest: css, css, open: Vec::new(), room: Room::of(Place::Logo) };
    if css.len() > MAX {
        return Err(sheet.wrong("may have 32 KiB at most"));
    }
    while let Some(c) = sheet.rest.chars().next() {
        sheet.token(c)?;
    }
    if sheet.open.is_empty() { Ok(()) } else { Err(sheet.wrong("a bracket is not closed")) }
}

struct Sheet<'a> {
    css: &'a str,
    rest: &'a str,
    /// The brackets that close what is open.
    open: Vec<char>,
    /// For the images that it holds.
    room: Room,
}

impl<'a> Sheet<'a> {
    fn wrong(&self, what: &'static str) -> Wrong {
        let read = &self.css[..self.css.len() - self.rest.len()];
        Wrong { line: read.matches('\n').count() + 1, what }
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        taken
    }

    /// Takes a name, which may be empty.
    fn name(&mut self) -> &'a str {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii();
        self.take(self.rest.find(|c| !part(c)).unwrap_or(self.rest.len()))
    }

    fn token(&mut self, c: char) -> Result<(), Wrong> {
        match c {
            '/' if self.rest.starts_with("/*") => {
                let end = self.rest.find("*/").filter(|end| *end >= 2);
                let end = end.or_else(|| self.rest[2..].find("*/").map(|end| end + 2));
                let end = end.ok_or_else(|| self.wrong("a comment is not closed"))?;
                self.take(end + 2);
            }
            '"' | '\'' => drop(self.text(c)?),
            '\\' => return Err(self.wrong("there may be no backslash outside of strings")),
            '<' if self.rest.starts_with("</") || self.rest.starts_with("<!") => {
                return Err(self.wrong("this is not CSS"));
            }
            '@' => {
                self.take(1);
                let rule = self.name();
                if !RULES.iter().any(|known| rule.eq_ignore_ascii_case(known)) {
                    return Err(self.wrong(
                        "@media, @supports, @container, @layer, @keyframes, @font-face and @property \
                        may be used, and no other at-rule",
                    ));
                }
            }
            '(' | '[' | '{' => {
                self.open.push(match c {
                    '(' => ')',
                    '[' => ']',
                    _ => '}',
                });
                self.take(1);
            }
            ')' | ']' | '}' => {
                if self.open.pop() != Some(c) {
                    return Err(self.wrong("a bracket closes what is not open"));
                }
                self.take(1);
            }
            c if c.is_control() && !matches!(c, '\n' | '\r' | '\t') => {
                return Err(self.wrong("there may be no control characters"));
            }
            c if c.is_ascii_alphabetic() || c == '-' => self.word()?,
            c => drop(self.take(c.len_utf8())),
        }
        Ok(())
    }

    /// A name, and what it fetches if it is a function that does.
    fn word(&mut self) -> Result<(), Wrong> {
        let name = self.name();
        if !self.rest.starts_with('(') {
            return Ok(());
        }
        if FETCHING.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return Err(self.wrong("images are named by url(…) only"));
        }
        if !name.eq_ignore_ascii_case("url") {
            return Ok(());
        }
        self.take(1);
        self.rest = self.rest.trim_start_matches(SPACE);
        let target = match self.rest.chars().next() {
            Some(quote @ ('"' | '\'')) => self.text(quote)?,
            _ => {
                let end = self.rest.find(')').ok_or_else(|| self.wrong("a bracket is not closed"))?;
                self.take(end).trim_end_matches(SPACE)
            }
        };
        self.rest = self.rest.trim_start_matches(SPACE);
        if !self.rest.starts_with(')') {
            return Err(self.wrong("a bracket is not closed"));
        }
        self.take(1);
        let here = target.starts_with('/') && !target.starts_with("//");
        let ok = (here || target.starts_with("data:image/"))
            && !target.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control());
        if !ok {
            return Err(self.wrong("url(…) may name a path of this host or hold data:image/… only"));
        }
        match target.strip_prefix("data:").map(|address| self.room.image(address)) {
            Some(Err(_)) => Err(self.wrong(
                "an image in a sheet is an SVG, or a PNG, JPEG or WebP image in base64, of 2048 pixels a side at most, \
                and all together have no more than the largest one",
            )),
            _ => Ok(()),
        }
    }

    /// A quoted text, without its quotes.
    fn text(&mut self, quote: char) -> Result<&'a str, Wrong> {
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                '\n' if !escaped => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => return Ok(&self.take(at + 1)[1..at]),
                c if c.is_control() && c != '\t' => return Err(self.wrong("there may be no control characters")),
                _ => {}
            }
        }
        Err(self.wrong("a string is not closed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_that_stays_here_is_served() {
        for sheet in [
            "",
            ".card { border-radius: 0; } /* plain */",
            "@media (width < 40rem) { a[href^=\"x\"] > b::before { content: \"\\201C\"; } }",
            ".brand img { background: url(/ui/assets/x.svg), url( \"data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E\" ) no-repeat }",
            "a { background: url(data:image/webp;base64,UklGRh4AAABXRUJQVlA4TBEAAAAvAkAAAAdQhSJXof+BiOh/AAA=) }",
            ":root{--accent:#fff;font-family:'Iosevka (my)', sans-serif}/**/",
        ] {
            assert_eq!(check(sheet), Ok(()), "{sheet}");
        }
    }

    #[test]
    fn what_fetches_from_elsewhere_or_is_broken_is_refused_with_its_line() {
        for sheet in [
            "@import \"https://evil.example/x.css\";",
            "@IMPORT url(/x.css);",
            "@\\69mport 'x';",
            "@charset \"utf-8\";",
            "a { background: url(https://evil.example/x.png) }",
            "a { background: URL( '//evil.example/x.png' ) }",
            "a { background: url(/\\evil.example) }",
            "a { background: u\\72l(https://evil.example) }",
            "a { background: url(data:text/html,x) }",
            "a { background: url(data:image/gif;base64,R0lGODlhAQABAAAAACw=) }",
            "a { background: url(data:image/png;base64,iVBORw0=) }",
            // 10 000 pixels wide.
            "a { background: url(data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAJxAAAAAB) }",
            "a { background: url(javascript:alert(1)) }",
            "a{x:url(\u{a0}\"/);background:url(https://evil.example/x.png);y:\");}",
            "a { background: image-set(\"https://evil.example/x.png\" 1x) }",
            "a { background: src(\"https://evil.example/x.png\") }",
            "a { width: expression(alert(1)) }",
            "</style><script>alert(1)</script>",
            "<!-- a {} -->",
            "a { color: red",
            "a { color: red }}",
            "a { content: \"x }",
            "a { content: \"x\n\" }",
            "a (}",
            "/* a {}",
            "/*/",
            "a { background: url(/x",
            "a { \0 }",
        ] {
            assert!(check(sheet).is_err(), "{sheet}");
        }
        assert_eq!(check("a {}\n\n@import 'x';").expect_err("refused").line, 3);
        assert!(check(&" ".repeat(MAX + 1)).is_err());
    }
}
