//! A record, parsed. Pure.

use kernel::{RoleName, Secret};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::model::Wrong;
use crate::{
    passwords::{Stored, too_long},
    roles::MAX_ROLES_OF_USER,
    users::{self, Attributes, Email, ExternalId, Phone, UserStatus, Username},
};

/// Columns of a CSV file, as exports write them. Those that a deployment gives itself are read over.
pub(super) const COLUMNS: [&str; 16] = [
    "id",
    "email",
    "email_verified",
    "username",
    "external_id",
    "display_name",
    "company_name",
    "phone",
    "status",
    "roles",
    "attributes",
    "password",
    "password_hash",
    "last_login_at",
    "created_at",
    "updated_at",
];

/// Exports write an apostrophe before cells that a spreadsheet would take for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell as a spreadsheet may see it (OWASP, CSV injection).
pub(super) fn defused(text: &str) -> String {
    if text.trim_start_matches('\'').starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

/// The cell that was meant.
fn armed(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(FORMULA) => rest,
        _ => cell,
    }
}

/// A record as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    email: Option<String>,
    email_verified: Option<bool>,
    username: Option<String>,
    external_id: Option<String>,
    display_name: Option<String>,
    company_name: Option<String>,
    phone: Option<String>,
    status: Option<String>,
    roles: Option<Vec<String>>,
    attributes: Option<Map<String, Json>>,
    password: Option<Secret>,
    password_hash: Option<Secret>,
    // What exports write and only a deployment itself decides.
    #[serde(rename = "id")]
    _id: Option<Json>,
    #[serde(rename = "kind")]
    _kind: Option<Json>,
    #[serde(rename = "last_login_at")]
    _last_login_at: Option<Json>,
    #[serde(rename = "created_at")]
    _created_at: Option<Json>,
    #[serde(rename = "updated_at")]
    _updated_at: Option<Json>,
}

/// A user as a file says they are. What is absent is not touched.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) email: Option<Email>,
    pub(super) verified: Option<bool>,
    pub(super) username: Option<Username>,
    pub(super) external_id: Option<ExternalId>,
    pub(super) display_name: Option<String>,
    pub(super) company_name: Option<String>,
    pub(super) phone: Option<Phone>,
    pub(super) status: Option<UserStatus>,
    pub(super) roles: Option<Vec<RoleName>>,
    pub(super) attributes: Option<Attributes>,
    /// In the clear: judged and hashed before it is stored.
    pub(super) password: Option<Secret>,
    pub(super) password_hash: Option<Secret>,
}

/// Reads a line of JSON.
pub(super) fn from_json(line: &[u8]) -> Result<Written, Wrong> {
    serde_json::from_slice(line).map_err(|e| {
        // Only the kind and the place: serde's message may hold the value.
        let what = if e.is_data() { "is not an object with the known fields" } else { "is not JSON" };
        Wrong::new("", "format", format!("{what} (column {})", e.column()))
    })
}

/// Reads the names of the columns.
pub(super) fn header(line: &[u8]) -> Result<Vec<String>, String> {
    let cells = cells(line).ok_or("the first line is not CSV")?;
    let names: Vec<String> = cells.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let unknown: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| !COLUMNS.contains(name) && *name != "kind").collect();
    let twice = names.iter().enumerate().any(|(i, name)| names[..i].contains(name));
    if !unknown.is_empty() {
        let known = COLUMNS.join(", ");
        // Spreadsheets write it where a comma is in numbers; a file is read in one way only.
        if names.iter().any(|name| name.contains(';')) {
            return Err(format!(
                "columns must be separated by commas, and the first line has a semicolon; known are {known}"
            ));
        }
        // Where no column is known the line may be no header but somebody's data, which is not repeated.
        let which = if unknown.len() == names.len() { String::new() } else { format!(" ({})", quoted(&unknown)) };
        return Err(format!("the first line names columns that are not known{which}; known are {known}"));
    }
    if twice {
        return Err("the first line names a column twice".into());
    }
    Ok(names)
}

/// Names to be told: a few, and not for ever.
fn quoted(names: &[&str]) -> String {
    let told = names.iter().take(8).map(|name| format!("\"{}\"", name.chars().take(40).collect::<String>()));
    let more = if names.len() > 8 { ", …" } else { "" };
    format!("{}{more}", told.collect::<Vec<_>>().join(", "))
}

fn cells(line: &[u8]) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(line);
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

/// Reads a line of CSV. An empty cell is as if it were not there.
pub(super) fn from_csv(line: &[u8], header: &[String]) -> Result<Written, Vec<Wrong>> {
    let Some(cells) = cells(line) else { return Err(vec![Wrong::new("", "format", "is not CSV in UTF-8")]) };
    if cells.len() != header.len() {
        let message = format!("has {} cells, and the first line names {}", cells.len(), header.len());
        return Err(vec![Wrong::new("", "columns", message)]);
    }
    let (mut written, mut wrong) = (Written::default(), Vec::new());
    for (name, cell) in header.iter().zip(&cells) {
        let text = armed(cell.trim());
        if text.is_empty() {
            continue;
        }
        let some = || Some(text.to_owned());
        match name.as_str() {
            "email" => written.email = some(),
            "username" => written.username = some(),
            "external_id" => written.external_id = some(),
            "display_name" => written.display_name = some(),
            "company_name" => written.company_name = some(),
            "phone" => written.phone = some(),
            "status" => written.status = some(),
            // A password is what it is, also with spaces around it.
            "password" => written.password = Some(Secret::new(armed(cell).to_owned())),
            "password_hash" => written.password_hash = some().map(Secret::new),
            "roles" => {
                let names = text.split([' ', ',', ';']).filter(|name| !name.is_empty());
                written.roles = Some(names.map(str::to_owned).collect());
            }
            "email_verified" => match text.to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" => written.email_verified = Some(true),
                "false" | "0" | "no" => written.email_verified = Some(false),
                _ => wrong.push(Wrong::new("email_verified", "format", "must be true or false")),
            },
            "attributes" => match serde_json::from_str(text) {
                Ok(map) => written.attributes = Some(map),
                Err(_) => wrong.push(Wrong::new("attributes", "format", "must be a JSON object")),
            },
            _ => {}
        }
    }
    if wrong.is_empty() { Ok(written) } else { Err(wrong) }
}

impl Written {
    /// Parses every field; what is wrong is told all at once.
    pub(super) fn parse(self) -> Result<Row, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let mut note = |field, code, message: String| wrong.push(Wrong::new(field, code, message));
        macro_rules! keep {
            ($field:literal, $value:expr) => {
                $value.and_then(|parsed| parsed.map_err(|e| note($field, "format", e.to_string())).ok())
            };
        }
        let row = Row {
            email: keep!("email", self.email.map(|t| t.parse::<Email>())),
            verified: self.email_verified,
            username: keep!("username", self.username.map(|t| t.parse::<Username>())),
            external_id: keep!("external_id", self.external_id.map(|t| t.parse::<ExternalId>())),
            display_name: keep!("display_name", self.display_name.map(|t| users::text(&t))),
            company_name: keep!("company_name", self.company_name.map(|t| users::text(&t))),
            phone: keep!("phone", self.phone.map(|t| t.parse::<Phone>())),
            status: keep!(
                "status",
                self.status.map(|t| {
                    let known = UserStatus::from_stored(&t).filter(|status| *status != UserStatus::Deleted);
                    known.ok_or("must be active or disabled")
                })
            ),
            roles: keep!(
                "roles",
                self.roles.map(|names| {
                    if names.len() > MAX_ROLES_OF_USER {
                        return Err(format!("may have {MAX_ROLES_OF_USER} entries at most"));
                    }
                    let mut roles = names
                        .iter()
                        .map(|name| name.parse::<RoleName>().map_err(|e| e.to_string()))
                        .collect::<Result<Vec<_>, _>>()?;
                    roles.sort();
                    roles.dedup();
                    Ok(roles)
                })
            ),
            attributes: keep!("attributes", self.attributes.map(Attributes::try_from)),
            password_hash: keep!(
                "password_hash",
                self.password_hash.map(|hash| hash.expose().parse::<Stored>().map(|_| hash.clone()))
            ),
            password: self.password,
        };
        if row.email.is_none() && row.username.is_none() && wrong.is_empty() {
            wrong.push(Wrong::new("email", "required", "give an e-mail address or a user name"));
        }
        if row.password.is_some() && row.password_hash.is_some() {
            wrong.push(Wrong::new("password", "not_allowed", "give a password or its hash, not both"));
        }
        if row.password.as_ref().is_some_and(|password| too_long(password.expose())) {
            wrong.push(Wrong::new("password", "too_long", "may have 128 characters at most"));
        }
        if wrong.is_empty() { Ok(row) } else { Err(wrong) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_come_back() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM", "'@SUM"),
            ("'=1", "''=1"),
            ("'quoted'", "'quoted'"),
            ("''twice", "''twice"),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            assert_eq!((defused(text).as_str(), armed(cell)), (cell, text));
        }
    }

    #[test]
    fn everything_wrong_with_a_record_is_told() {
        let line = br#"{"email":"x","username":"?","phone":"12","status":"deleted","roles":["A B"],"password":"a","password_hash":"b"}"#;
        let wrong = from_json(line).expect("an object").parse().expect_err("wrong");
        let fields: Vec<&str> = wrong.iter().map(|wrong| wrong.field).collect();
        assert_eq!(fields, ["email", "username", "phone", "status", "roles", "password_hash"]);
        let wrong = from_json(b"{\"email\": 7}").expect_err("no text");
        assert!(!wrong.message.contains('7'), "values are not told: {}", wrong.message);
    }
}
