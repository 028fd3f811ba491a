//! A browser without scripts: keeps cookies, fills in forms, follows redirects on its own origin.

use std::collections::BTreeMap;

use crate::{Answer, TestApp};

/// A browser at an app.
#[derive(Debug)]
pub struct Browser<'a> {
    app: &'a TestApp,
    cookies: BTreeMap<String, String>,
    /// Sent with every request.
    headers: Vec<(String, String)>,
}

/// What a browser shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it is, after redirects.
    pub path: String,
    /// The answer.
    pub answer: Answer,
}

impl<'a> Browser<'a> {
    /// A new one, that speaks English.
    pub fn at(app: &'a TestApp) -> Self {
        let headers = vec![("accept".into(), "text/html".into()), ("accept-language".into(), "en".into())];
        Self { app, cookies: BTreeMap::new(), headers }
    }

    /// Sends this header from now on.
    pub fn send_header(&mut self, name: &str, value: &str) {
        self.headers.retain(|(other, _)| other != name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// A cookie's value.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Keeps no cookie.
    pub fn forget(&mut self) {
        self.cookies.clear();
    }

    /// Opens an address.
    pub async fn open(&mut self, path: &str) -> Page {
        self.visit("GET", path, None).await
    }

    /// Sends the page's form at `action` (the end of its address), filled in; hidden fields are those of the page.
    #[track_caller]
    pub fn submit<'s>(
        &'s mut self,
        page: &Page,
        action: &str,
        fields: &[(&str, &str)],
    ) -> impl Future<Output = Page> + use<'s, 'a> {
        let (target, all) = page.filled_in(action, fields);
        async move { self.visit("POST", &target, Some(all)).await }
    }

    /// One request, without following it anywhere.
    pub async fn once(&mut self, method: &str, path: &str, form: Option<&[(String, String)]>) -> Answer {
        let mut call = self.app.call(method, path);
        for (name, value) in &self.headers {
            call = call.header(name, value);
        }
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            call = call.header("cookie", &pairs.join("; "));
        }
        if let Some(fields) = form {
            if !self.headers.iter().any(|(name, _)| name == "sec-fetch-site") {
                call = call.header("sec-fetch-site", "same-origin");
            }
            call = call.form(fields);
        }
        let answer = call.send().await;
        for cookie in answer.headers.get_all("set-cookie") {
            let text = cookie.to_str().expect("text");
            let (name, value) = text.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if text.ends_with("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    async fn visit(&mut self, method: &str, path: &str, form: Option<Vec<(String, String)>>) -> Page {
        let mut path = path.to_owned();
        let mut answer = self.once(method, &path, form.as_deref()).await;
        for _ in 0..10 {
            if answer.status != 303 || !answer.header("location").starts_with('/') {
                break;
            }
            answer.header("location").clone_into(&mut path);
            answer = self.once("GET", &path, None).await;
        }
        // Escaped as HTML, where a slash need not be.
        answer.text = answer.text.replace("&#x2f;", "/");
        Page { path, answer }
    }
}

impl Page {
    /// The page, if it was answered like this.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.answer.status, status, "{}: {}", self.path, self.answer.text);
        self
    }

    /// Its HTML.
    pub fn html(&self) -> &str {
        &self.answer.text
    }

    /// Whether it says this, as HTML.
    pub fn says(&self, text: &str) -> bool {
        self.html().contains(text)
    }

    /// A form's address and all that is sent with it, once these fields are filled in.
    #[track_caller]
    pub fn filled_in(&self, action: &str, fields: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        let (target, mut all) = self.form(action);
        for (name, value) in fields {
            all.retain(|(known, _)| known != name);
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
        (target, all)
    }

    /// A form's address and its hidden and filled-in fields.
    #[track_caller]
    pub fn form(&self, action: &str) -> (String, Vec<(String, String)>) {
        // Without an address of its own, a form goes to the page's; a button of it may lead elsewhere.
        let goes = |form: &str| attribute(form.split('>').next()?, "action").or_else(|| Some(self.path.clone()));
        let leads = |button: &str| attribute(button.split('>').next()?, "formaction");
        let forms = self.html().split("<form").skip(1).filter_map(|form| form.split("</form>").next());
        let mut ways = forms.flat_map(|form| {
            let targets = goes(form).into_iter().chain(form.split("<button").skip(1).filter_map(leads));
            targets.map(move |target| (form, target))
        });
        let way = ways.find(|(_, target)| target.split('?').next().is_some_and(|path| path.ends_with(action)));
        let (form, target) = way.unwrap_or_else(|| panic!("no form to {action} at {}: {}", self.path, self.html()));
        let inputs = form.split("<input").skip(1).filter_map(|input| {
            let input = input.split('>').next()?;
            let ticked = attribute(input, "type").as_deref() != Some("checkbox") || input.contains(" checked");
            ticked.then(|| Some((attribute(input, "name")?, attribute(input, "value").unwrap_or_default())))?
        });
        (target, inputs.collect())
    }
}

/// An attribute of a tag, unescaped.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    let plain = [("&#x27;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")];
    Some(plain.iter().fold(value.to_owned(), |text, (from, to)| text.replace(from, to)))
}
