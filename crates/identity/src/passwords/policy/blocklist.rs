//! Words that a password must not be made of.
//!
//! What ships is a short list of our own: the words that people reach for when they are made to choose a
//! password (`welcome`, `summer`, the days, the rows of the keyboard, this product's name). It is no copy of
//! a published list of leaked passwords: zxcvbn brings frequent ones, and the breach check knows the rest.
//!
//! A password is compared the way people vary it: in lower case, without what stands around the letters, with
//! digits read as the letters they stand for, and it is refused when nothing but listed words is left:
//! `Welcome2024!`, `P4ssw0rd-Admin#1`. One unlisted word among them is enough to pass.

use std::{collections::HashSet, sync::LazyLock};

/// Ours, one a line.
const SHIPPED: &str = include_str!("blocklist.txt");

/// Words, normalised.
#[derive(Clone, Debug, Default)]
pub struct Blocklist {
    words: HashSet<String>,
    /// Length of the longest, in bytes.
    longest: usize,
}

impl Blocklist {
    /// The list that is shipped.
    pub fn shipped() -> &'static Self {
        static LIST: LazyLock<Blocklist> =
            LazyLock::new(|| Blocklist::new(SHIPPED.lines().filter(|line| !line.starts_with('#'))));
        &LIST
    }

    /// A list of these words.
    pub fn new<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> Self {
        let words: HashSet<String> =
            words.into_iter().flat_map(|word| readings(word.as_ref())).filter(|word| !word.is_empty()).collect();
        let longest = words.iter().map(String::len).max().unwrap_or(0);
        Self { words, longest }
    }

    /// Whether the password is made of these words and nothing else.
    pub fn covers(&self, password: &str) -> bool {
        !self.words.is_empty() && readings(password).iter().any(|text| self.is_made_of(text))
    }

    /// Whether the text can be cut into words of the list. Each place is looked at once.
    fn is_made_of(&self, text: &str) -> bool {
        if text.is_empty() {
            return false;
        }
        let mut reachable = vec![false; text.len() + 1];
        reachable[0] = true;
        for start in 0..text.len() {
            if !reachable[start] {
                continue;
            }
            for (length, end) in reachable[start + 1..].iter_mut().enumerate().take(self.longest) {
                *end |= text.get(start..=start + length).is_some_and(|word| self.words.contains(word));
            }
        }
        reachable[text.len()]
    }
}

/// What a text may be meant to read: letters alone, without digits or with digits and signs as the letters
/// that they look like, with and without what stands around.
fn readings(text: &str) -> [String; 7] {
    let lower = text.to_lowercase();
    let without_signs = lower.trim_matches(|c: char| !c.is_alphanumeric());
    let inner = lower.trim_matches(|c: char| !c.is_alphabetic());
    let read = |text: &str, one: char| text.chars().filter_map(|c| letter(c, one)).collect::<String>();
    [
        lower.chars().filter(|c| c.is_alphabetic()).collect(),
        read(&lower, 'i'),
        read(&lower, 'l'),
        read(without_signs, 'i'),
        read(without_signs, 'l'),
        read(inner, 'i'),
        read(inner, 'l'),
    ]
}

/// The letter that a character is or stands for; `one` is what `1`, `!` and `|` are.
fn letter(c: char, one: char) -> Option<char> {
    match c {
        '0' => Some('o'),
        '1' | '!' | '|' => Some(one),
        '3' | '€' => Some('e'),
        '4' | '@' => Some('a'),
        '5' | '$' => Some('s'),
        '7' | '+' => Some('t'),
        '8' => Some('b'),
        '9' => Some('g'),
        c if c.is_alphabetic() => Some(c),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variations_of_listed_words_are_covered() {
        for password in [
            "password",
            "PASSWORD",
            "Password1",
            "p4ssw0rd",
            "P@$$w0rd!2024",
            "123welcome123",
            "Welcome-To-Admin#1",
            "letmein!!!",
            "Summer2024!",
            "qwertyuiop",
            "Portcullis1",
            "changeme-changeme",
            "1qaz2wsx",
        ] {
            assert!(Blocklist::shipped().covers(password), "{password}");
        }
    }

    #[test]
    fn one_word_of_ones_own_is_enough() {
        for password in ["violet-password", "Violet-Kettle-93-orbit", "passwordx", "", "12345", "!!!"] {
            assert!(!Blocklist::shipped().covers(password), "{password}");
        }
    }

    #[test]
    fn a_tenants_own_words_count_the_same_way() {
        let list = Blocklist::new(["Acme", "Röntgen", "Web 2.0 Ltd"]);
        for password in ["acme", "ACME2024", "4cm3-4cm3!", "RÖNTGEN-acme", "web20ltd"] {
            assert!(list.covers(password), "{password}");
        }
        assert!(!list.covers("acme-violet") && !Blocklist::default().covers("acme"));
    }

    /// What costs is bounded: the worst text for the cutting is one whose every place is reachable.
    #[test]
    fn a_long_text_of_short_words_is_no_trouble() {
        let list = Blocklist::new(["aaa", "aaaa", "aaaaa"]);
        assert!(list.covers(&"a".repeat(512)));
        assert!(!list.covers(&format!("{}b", "a".repeat(511))));
    }
}
