//! The filter's language, without a database.

use proptest::prelude::*;

use crate::users_admin::filter::{Attribute, Clause, Filter, Operand, Operator};

const ATTRIBUTES: &str = "expected email, username, external_id, display_name, company_name, phone, status, role, \
     email_verified, created_at or last_login_at";

fn clauses(text: &str) -> Vec<Clause> {
    text.parse::<Filter>().unwrap_or_else(|e| panic!("{text}: {e}")).clauses().to_vec()
}
fn wrong(text: &str) -> String {
    text.parse::<Filter>().expect_err(text).to_string()
}

#[test]
fn conditions_are_read() {
    let one = |attribute, operator, value: &str| Clause { attribute, operator, value: Operand::Text(value.into()) };
    assert_eq!(clauses(r#"email eq "Ada@Example.com""#), [one(Attribute::Email, Operator::Equals, "ada@example.com")]);
    assert_eq!(
        clauses(r#"  username SW "a\"b\\" And External_ID co "X y"AND status eq "disabled" "#),
        [
            one(Attribute::Username, Operator::StartsWith, "a\"b\\"),
            one(Attribute::ExternalId, Operator::Contains, "X y"),
            one(Attribute::Status, Operator::Equals, "disabled"),
        ]
    );
    let at = |seconds| Operand::Time(kernel::Timestamp::from_secs(seconds));
    assert_eq!(
        clauses(
            r#"display_name co "Ada" and phone sw "+49 30-1" and role eq "admin" and email_verified EQ True
            and created_at ge "1970-01-01T00:00:01Z" and last_login_at lt "1970-01-01T01:00:02+01:00""#
                .replace('\n', " ")
                .as_str()
        ),
        [
            one(Attribute::DisplayName, Operator::Contains, "Ada"),
            one(Attribute::Phone, Operator::StartsWith, "+49301"),
            one(Attribute::Role, Operator::Equals, "admin"),
            Clause { attribute: Attribute::EmailVerified, operator: Operator::Equals, value: Operand::Flag(true) },
            Clause { attribute: Attribute::CreatedAt, operator: Operator::NotBefore, value: at(1) },
            Clause { attribute: Attribute::LastLoginAt, operator: Operator::Before, value: at(2) },
        ]
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    assert_eq!(wrong("password eq \"x\""), format!("at position 0: {ATTRIBUTES}"));
    assert_eq!(wrong("email is \"x\""), "at position 6: expected eq, sw or co");
    assert_eq!(wrong("email eq x"), "at position 9: expected a value in double quotes");
    assert_eq!(wrong("email eq \"x"), "at position 9: expected a value in double quotes");
    assert_eq!(wrong("email eq \"x\\\""), "at position 9: expected a value in double quotes");
    assert_eq!(wrong("email eq \"x\" or email eq \"y\""), "at position 13: expected `and` or the end");
    assert_eq!(wrong("email eq \"x\" and "), format!("at position 17: {ATTRIBUTES}"));
    assert_eq!(wrong("email co \"\""), "at position 9: the value must not be empty");
    assert_eq!(wrong("status sw \"a\""), "at position 7: expected eq");
    assert_eq!(wrong("status eq \"gone\""), "at position 10: expected \"active\", \"disabled\" or \"deleted\"");
    assert_eq!(wrong("email gt \"a\""), "at position 6: expected eq, sw or co");
    assert_eq!(wrong("role co \"a\""), "at position 5: expected eq");
    assert_eq!(wrong("role eq \"No such\""), "at position 8: expected the name of a role");
    assert_eq!(wrong("email_verified eq \"true\""), "at position 18: expected true or false");
    assert_eq!(wrong("phone eq \"()\""), "at position 9: the value must not be empty");
    assert_eq!(wrong("created_at eq \"x\""), "at position 11: expected gt, ge, lt or le");
    assert_eq!(
        wrong("created_at gt \"yesterday\""),
        "at position 14: expected a time such as \"2026-01-31T12:00:00Z\""
    );
    assert!(wrong(&format!("email eq \"{}\"", "x".repeat(1_024))).contains("1024"));
    assert!(wrong(&[r#"email co "x""#; 9].join(" and ")).contains("8 conditions"));
}

fn clause() -> impl Strategy<Value = Clause> {
    let attribute = prop_oneof![
        Just(Attribute::Email),
        Just(Attribute::Username),
        Just(Attribute::ExternalId),
        Just(Attribute::CompanyName)
    ];
    let operator = prop_oneof![Just(Operator::Equals), Just(Operator::StartsWith), Just(Operator::Contains)];
    (attribute, operator, "[a-z0-9 \"\\\\%_'$é]{1,12}").prop_map(|(attribute, operator, value)| Clause {
        attribute,
        operator,
        value: Operand::Text(value),
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(all in prop::collection::vec(clause(), 1..8)) {
        let write = |c: &Clause| {
            let Operand::Text(value) = &c.value else { panic!("a text") };
            let value = serde_json::to_string(value).expect("JSON");
            format!("{} {} {value}", c.attribute.as_str(), c.operator.as_str())
        };
        let text = all.iter().map(write).collect::<Vec<_>>().join(" and ");
        prop_assert_eq!(clauses(&text), all);
    }

    #[test]
    fn no_text_makes_it_stumble(text in "(email|status|role|created_at|email_verified|true| |eq|co|gt|\"|\\\\|and|[a-z\u{e9}\u{1F600}]){0,20}") {
        drop(text.parse::<Filter>());
    }
}

#[test]
fn a_text_to_be_looked_for_is_bounded() {
    let search = |text: &str| Filter::default().searching(text).map(|filter| filter.search().map(str::to_owned));
    assert_eq!(search(" Ada "), Ok(Some("Ada".into())));
    assert_eq!(search("  "), Ok(None));
    assert!(search(&"é".repeat(100)).is_ok() && search(&"é".repeat(101)).is_err());
    assert!(search("a\0b").is_err());
}
