//! What identifies a user, parsed.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn attributes(json: serde_json::Value) -> Result<Attributes, InvalidUser> {
    match json {
        serde_json::Value::Object(map) => Attributes::try_from(map),
        other => panic!("not an object: {other}"),
    }
}

#[test]
fn addresses_that_are_one_are_stored_as_one() {
    for text in ["Ada.Lovelace+x@Example.COM", "  ada.lovelace+x@example.com "] {
        assert_eq!(text.parse::<Email>().expect(text).as_str(), "ada.lovelace+x@example.com");
        assert_eq!(Login::new(text), Login::Email("ada.lovelace+x@example.com".into()));
    }
    assert!("root@localhost".parse::<Email>().is_ok());
}

#[test]
fn what_is_no_address_is_refused() {
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long = format!("a@{}.com", ["a".repeat(60).as_str(); 5].join("."));
    let cases = [
        "",
        "ada",
        "@example.com",
        "ada@",
        "a b@example.com",
        ".ada@example.com",
        "ada..l@example.com",
        "ada@example..com",
        "ada@-example.com",
        "ada@exa_mple.com",
        "ada@example.com\n.evil",
        "ada\0@example.com",
        "\"ada\"@example.com",
        "ada@[127.0.0.1]",
        "ada@exämple.com",
        "ıda@example.com",
        "a@b@example.com",
        &long_local,
        &long,
    ];
    for text in cases {
        assert_eq!(text.parse::<Email>(), Err(InvalidUser::Email), "{text:?}");
    }
}

#[test]
fn a_user_name_is_never_an_address() {
    assert_eq!("Ada_L".parse::<Username>().expect("a name").as_str(), "ada_l");
    for text in ["ad", "ada@example.com", "-ada", "ada lovelace", "", "äda"] {
        assert_eq!(text.parse::<Username>(), Err(InvalidUser::Username), "{text:?}");
    }
    assert_eq!(Login::new("Ada_L "), Login::Username("ada_l".into()));
}

#[test]
fn phones_and_external_ids() {
    assert_eq!("+49 (30) 123-456".parse::<Phone>().expect("a phone").as_str(), "+4930123456");
    for text in ["030123456", "+0301234567", "+49", "+49x30123456", "+1234567890123456"] {
        assert_eq!(text.parse::<Phone>(), Err(InvalidUser::Phone), "{text:?}");
    }
    assert_eq!("CRM/0042-x".parse::<ExternalId>().expect("an id").as_str(), "CRM/0042-x");
    for text in ["", "a b", "ä", &"x".repeat(129)] {
        assert_eq!(text.parse::<ExternalId>(), Err(InvalidUser::ExternalId), "{text:?}");
    }
}

#[test]
fn attributes_are_bounded_in_depth_and_size() {
    assert!(attributes(json!({"a": {"b": {"c": {"d": {}}}}})).is_ok(), "five levels");
    assert!(attributes(json!({"a": {"b": {"c": {"d": {"e": {}}}}}})).is_err(), "six levels");
    assert!(attributes(json!({"a": [[[[1]]]]})).is_ok() && attributes(json!({"a": [[[[[]]]]]})).is_err());
    assert!(attributes(json!({"a": "x".repeat(16_000)})).is_ok());
    assert!(attributes(json!({"a": "x".repeat(16 * 1024)})).is_err());
    assert!(attributes(json!({"a\0": 1})).is_err() && attributes(json!({"a": ["\0"]})).is_err());
}

#[test]
fn a_change_names_what_it_touches_and_not_its_values() {
    let change =
        ProfileChange { phone: Some(None), display_name: Some(Some("Ada".into())), ..ProfileChange::default() };
    assert_eq!(change.touched(), ["display_name", "phone"]);
}

proptest! {
    /// Whatever parses is normalised: parsing it again changes nothing, and logging in finds it.
    #[test]
    fn parsing_is_idempotent(text in "[A-Za-z0-9.+_-]{1,12}@[A-Za-z0-9.-]{1,12}|\\PC{0,40}") {
        if let Ok(email) = text.parse::<Email>() {
            prop_assert_eq!(email.as_str().parse::<Email>(), Ok(email.clone()));
            let login = Login::new(&text);
            prop_assert_eq!(login.as_str(), email.as_str());
        }
        if let Ok(name) = text.parse::<Username>() {
            prop_assert_eq!(Login::new(&text), Login::Username(name.as_str().to_owned()));
        }
    }
}
