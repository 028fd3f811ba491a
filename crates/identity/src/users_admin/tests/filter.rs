//! The filter's language, without a database.

use proptest::prelude::*;

use crate::users_admin::filter::{Attribute, Clause, Filter, Operator};

fn clauses(text: &str) -> Vec<Clause> {
    text.parse::<Filter>().unwrap_or_else(|e| panic!("{text}: {e}")).clauses().to_vec()
}
fn wrong(text: &str) -> String {
    text.parse::<Filter>().expect_err(text).to_string()
}

#[test]
fn conditions_are_read() {
    let one = |attribute, operator, value: &str| Clause { attribute, operator, value: value.into() };
    assert_eq!(clauses(r#"email eq "Ada@Example.com""#), [one(Attribute::Email, Operator::Equals, "ada@example.com")]);
    assert_eq!(
        clauses(r#"  username SW "a\"b\\" And External_ID co "X y"AND status eq "disabled" "#),
        [
            one(Attribute::Username, Operator::StartsWith, "a\"b\\"),
            one(Attribute::ExternalId, Operator::Contains, "X y"),
            one(Attribute::Status, Operator::Equals, "disabled"),
        ]
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    assert_eq!(wrong("password eq \"x\""), "at position 0: expected email, username, external_id or status");
    assert_eq!(wrong("email is \"x\""), "at position 6: expected eq, sw or co");
    assert_eq!(wrong("email eq x"), "at position 9: expected a value in double quotes");
    assert_eq!(wrong("email eq \"x"), "at position 9: expected a value in double quotes");
    assert_eq!(wrong("email eq \"x\\\""), "at position 9: expected a value in double quotes");
    assert_eq!(wrong("email eq \"x\" or email eq \"y\""), "at position 13: expected `and` or the end");
    assert_eq!(wrong("email eq \"x\" and "), "at position 17: expected email, username, external_id or status");
    assert_eq!(wrong("email co \"\""), "at position 9: the value must not be empty");
    assert_eq!(wrong("status sw \"a\""), "at position 7: status can be compared with eq only");
    assert_eq!(wrong("status eq \"gone\""), "at position 10: expected \"active\", \"disabled\" or \"deleted\"");
    assert!(wrong(&format!("email eq \"{}\"", "x".repeat(1_024))).contains("1024"));
    assert!(wrong(&[r#"email co "x""#; 9].join(" and ")).contains("8 conditions"));
}

fn clause() -> impl Strategy<Value = Clause> {
    let attribute = prop_oneof![Just(Attribute::Email), Just(Attribute::Username), Just(Attribute::ExternalId)];
    let operator = prop_oneof![Just(Operator::Equals), Just(Operator::StartsWith), Just(Operator::Contains)];
    (attribute, operator, "[a-z0-9 \"\\\\%_'$é]{1,12}").prop_map(|(attribute, operator, value)| Clause {
        attribute,
        operator,
        value,
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(all in prop::collection::vec(clause(), 1..8)) {
        let write = |c: &Clause| {
            let value = serde_json::to_string(&c.value).expect("JSON");
            format!("{} {} {value}", c.attribute.as_str(), c.operator.as_str())
        };
        let text = all.iter().map(write).collect::<Vec<_>>().join(" and ");
        prop_assert_eq!(clauses(&text), all);
    }

    #[test]
    fn no_text_makes_it_stumble(text in "(email|status| |eq|co|\"|\\\\|and|[a-z\u{e9}\u{1F600}]){0,20}") {
        drop(text.parse::<Filter>());
    }
}
