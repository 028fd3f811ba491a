//! What a program calls itself (RFC 9110 §10.1.5), in words: "Firefox on Windows".
//!
//! For people, to tell their devices apart. Programs may say what they like, so nothing is decided by it.

/// Longest name of a program that we do not know, in characters.
const MAX_PROGRAM: usize = 40;

/// Browsers by what is in their text. Those that pretend to be others stand before the others.
const BROWSERS: &[(&str, &str)] = &[
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("OPT/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("YaBrowser/", "Yandex Browser"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Trident/", "Internet Explorer"),
    ("Safari/", "Safari"),
];

/// Systems likewise. An iPhone says that it is like a Mac, and Android is a Linux.
const SYSTEMS: &[(&str, &str)] = &[
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
    ("OpenBSD", "OpenBSD"),
];

fn known(table: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    table.iter().find(|(mark, _)| text.contains(mark)).map(|(_, name)| *name)
}

/// What a device is called that says nothing about itself, until somebody names it. Pages say it in words of theirs.
pub const UNKNOWN: &str = "Unknown device";

/// A name for what sent this `User-Agent`.
pub(super) fn name(user_agent: &str) -> String {
    let first = user_agent.split(['/', ' ', ';', '(']).next().unwrap_or_default();
    let program = match known(BROWSERS, user_agent) {
        Some(browser) => browser.to_owned(),
        // What every browser begins with says nothing.
        None if first == "Mozilla" => "Browser".to_owned(),
        None => first.chars().take(MAX_PROGRAM).collect(),
    };
    match (program.is_empty(), known(SYSTEMS, user_agent)) {
        (true, None) => UNKNOWN.to_owned(),
        (true, Some(system)) => system.to_owned(),
        (false, None) => program,
        (false, Some(system)) => format!("{program} on {system}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_in_words() {
        for (text, expected) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox on Windows"),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
                "Safari on macOS",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Gecko", "Browser on ChromeOS"),
            ("curl/8.5.0", "curl"),
            ("Orders/3.1 (iPad; iPadOS 18.1)", "Orders on iPad"),
            ("(Windows)", "Windows"),
            ("", "Unknown device"),
            ("/", "Unknown device"),
        ] {
            assert_eq!(name(text), expected, "{text}");
        }
        assert_eq!(name(&"é".repeat(256)).chars().count(), MAX_PROGRAM);
    }
}
