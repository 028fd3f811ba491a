//! The few pages that are not files: a title, text and links, every text escaped.

use axum::response::{Html, IntoResponse, Response};

/// A page under construction.
#[derive(Debug)]
pub(super) struct Page {
    title: String,
    body: String,
}

impl Page {
    pub(super) fn new(title: &str) -> Self {
        Self { title: escape(title), body: String::new() }
    }
    pub(super) fn paragraph(mut self, text: &str) -> Self {
        self.body += &format!("<p>{}</p>\n", escape(text));
        self
    }
    pub(super) fn link(mut self, target: &str, text: &str) -> Self {
        self.body += &format!("<p><a href=\"{}\">{}</a></p>\n", escape(target), escape(text));
        self
    }
    pub(super) fn table<'a>(mut self, head: [&str; 3], rows: impl Iterator<Item = [&'a str; 3]>) -> Self {
        let cells = |tag: &str, cells: [&str; 3]| -> String {
            cells.iter().map(|cell| format!("<{tag}>{}</{tag}>", escape(cell))).collect()
        };
        let rows: String = rows.map(|row| format!("<tr>{}</tr>\n", cells("td", row))).collect();
        self.body +=
            &format!("<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n", cells("th", head));
        self
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let Self { title, body } = self;
        Html(format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <link rel=\"icon\" href=\"/docs/icon.svg\" type=\"image/svg+xml\">\n\
             <link rel=\"stylesheet\" href=\"/docs/docs.css\">\n</head>\n<body>\n\
             <header><a class=\"brand\" href=\"/\"><img src=\"/docs/icon.svg\" alt=\"\" width=\"24\" height=\"24\">Portcullis</a></header>\n\
             <main class=\"text\">\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n"
        ))
        .into_response()
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
