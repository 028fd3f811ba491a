//! Which passwords may be chosen.

use super::*;

const ADA: About<'static> = About {
    email: Some("ada.lovelace@example.com"),
    username: Some("countess"),
    names: &["Analytical Engines"],
    second_factor: false,
};

fn codes(policy: &Policy, password: &str) -> Vec<&'static str> {
    codes_about(policy, password, ADA)
}

fn codes_about(policy: &Policy, password: &str, about: About<'_>) -> Vec<&'static str> {
    broken_rules(&policy.rules(), password, about).into_iter().map(|broken| broken.code).collect()
}

const COMPLEX: Policy = Policy::COMPLEX;
const NIST: Policy = Policy::NIST;

#[test]
fn good_passwords_pass() {
    assert!(codes(&COMPLEX, "Violet-Kettle-93-orbit").is_empty());
    assert!(codes(&COMPLEX, "Straße überquert 7 Öfen").is_empty(), "other alphabets count");
    assert!(codes(&NIST, "violet kettle orbit").is_empty(), "no composition rules");
    let longest: String = "Violet-Kettle-93-orbit ".chars().cycle().take(MAX_CHARS).collect();
    assert!(codes(&COMPLEX, &longest).is_empty());
}

#[test]
fn every_broken_rule_is_told_at_once() {
    let all = ["too_short", "no_uppercase", "no_lowercase", "no_digit", "no_special", "guessable"];
    assert_eq!(codes(&COMPLEX, ""), all);
    let abc = ["too_short", "no_uppercase", "no_digit", "no_special", "common", "guessable"];
    assert_eq!(codes(&COMPLEX, "abc"), abc);
    assert_eq!(codes(&NIST, "abc"), ["too_short", "common", "guessable"]);
    assert_eq!(codes(&NIST, "violet kettle"), ["too_short"]);
    let told = weak(broken_rules(&COMPLEX.rules(), "abc", ADA), "/password");
    assert_eq!((told.kind.code, told.errors.len()), ("password.weak", abc.len()));
    assert!(told.errors.iter().all(|e| e.field == "/password" && !e.message.is_empty()));
}

#[test]
fn a_second_factor_makes_shorter_ones_do_where_the_policy_says_so() {
    let with = About { second_factor: true, ..ADA };
    assert!(codes_about(&NIST, "kv7-Rmq2", with).is_empty());
    assert_eq!(codes_about(&NIST, "kv7-Rm2", with), ["too_short"]);
    assert_eq!(codes_about(&COMPLEX, "kv7-Rmq2Q", with), ["too_short"]);
}

#[test]
fn guessable_and_personal_passwords_are_refused() {
    assert_eq!(codes(&COMPLEX, "Password123!Password123!"), ["common", "guessable"]);
    assert_eq!(codes(&NIST, "aaaaaaaaaaaaaaaaaaaa"), ["guessable"]);
    assert_eq!(codes(&COMPLEX, "Violet-ADA.Lovelace-93-orbit"), ["contains_identity"]);
    assert_eq!(codes(&COMPLEX, "Violet-Countess-93-orbit"), ["contains_identity"]);
}

#[test]
fn what_is_too_long_is_refused_without_being_scored() {
    assert_eq!(codes(&COMPLEX, &"Violet-Kettle-93".repeat(100_000)), ["too_long"]);
    assert_eq!(codes(&NIST, &"ö".repeat(MAX_CHARS + 1)), ["too_long"]);
    assert!(!too_long(&"😀".repeat(MAX_CHARS)), "characters count, not bytes");
}

#[test]
fn rules_of_ones_own_are_read_and_hold() {
    let policy = |json: &str| serde_json::from_str::<Policy>(json);
    assert_eq!(policy("\"nist\"").expect("a preset"), NIST);
    let own = policy(r#"{"min_length": 10, "digit": true, "min_score": 0, "blocklist": ["Violet", "kettle"]}"#);
    let own = own.expect("rules");
    assert_eq!(codes(&own, "violet-kettle"), ["no_digit", "common"]);
    assert!(codes(&own, "violet-lantern-1").is_empty());
    assert!(codes(&own, "ababababa1").is_empty(), "score 0 asks for nothing");
    let again = serde_json::to_string(&own).expect("JSON");
    assert_eq!(policy(&again).expect("what was written"), own);
    let wrong = policy(r#"{"min_lenght": 10}"#).expect_err("a typing error").to_string();
    assert!(wrong.contains("min_lenght"), "{wrong}");
    assert!(policy("\"strong\"").is_err() && policy("7").is_err());
}

#[test]
fn rules_that_cannot_be_are_told_all_at_once() {
    let rules = Rules {
        min_length: 7,
        min_length_with_second_factor: Some(9),
        min_score: 5,
        history: 11,
        blocklist: vec!["a1".into()],
        ..Rules::default()
    };
    let fields: Vec<&str> = rules.check().into_iter().map(|wrong| wrong.field).collect();
    assert_eq!(fields, ["min_length", "min_length_with_second_factor", "min_score", "history", "blocklist"]);
    for fine in [Policy::COMPLEX, Policy::NIST, Policy::Custom(Box::default())] {
        assert!(fine.rules().check().is_empty(), "{fine:?}");
    }
}
