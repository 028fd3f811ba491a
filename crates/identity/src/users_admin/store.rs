//! The SQL of administering users.

use std::collections::HashMap;

use kernel::{RoleName, Timestamp, UserId};
use storage::{StoreError, TenantTx, Value, params};

use super::{
    filter::{Attribute, Clause, Filter, Operand, Operator},
    model::Managed,
};
use crate::{
    http::Window,
    roles::{self, builtin::SUPER_ADMIN},
    users::{self, User},
};

/// A column as it is compared. Addresses and user names are stored in lower case, names as they were written; which
/// letters beyond A to Z have another case, the database knows.
fn comparable(attribute: Attribute) -> (String, &'static str) {
    let column = attribute.as_str();
    match attribute {
        Attribute::DisplayName | Attribute::CompanyName => (format!("lower({column})"), "lower"),
        _ => (column.to_owned(), ""),
    }
}

/// Adds a condition to a statement and its value to the parameters. Only words of ours get into the
/// text. `LIKE` is not used: its idea of case differs between the databases.
fn condition(sql: &mut String, values: &mut Vec<Value<'_>>, clause: &Clause) {
    let (column, fold) = comparable(clause.attribute);
    // $1 is the tenant.
    let n = values.len() + 2;
    match &clause.value {
        Operand::Text(text) => values.push(Value::from(text.clone())),
        Operand::Time(time) => values.push(Value::from(*time)),
        // Of no parameter.
        Operand::Flag(_) => {}
    }
    let value = format!("{fold}(CAST(${n} AS TEXT))");
    let test = match (clause.attribute, clause.operator, &clause.value) {
        (_, _, Operand::Flag(true)) => "email_verified_at IS NOT NULL".to_owned(),
        (_, _, Operand::Flag(false)) => "email_verified_at IS NULL".to_owned(),
        (Attribute::Role, ..) => format!(
            "EXISTS (SELECT 1 FROM user_roles m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
                WHERE m.tenant_id = $1 AND m.user_id = users.id AND r.name = ${n})"
        ),
        (_, Operator::Equals, _) if fold.is_empty() => format!("{column} = ${n}"),
        (_, Operator::Equals, _) => format!("{column} = {value}"),
        (_, Operator::StartsWith, _) => format!("substr({column}, 1, length({value})) = {value}"),
        (_, Operator::Contains, _) => contains(&column, &value),
        (_, Operator::After, _) => format!("{column} > ${n}"),
        (_, Operator::NotBefore, _) => format!("{column} >= ${n}"),
        (_, Operator::Before, _) => format!("{column} < ${n}"),
        (_, Operator::NotAfter, _) => format!("{column} <= ${n}"),
    };
    sql.push_str(" AND ");
    sql.push_str(&test);
}

fn contains(column: &str, value: &str) -> String {
    format!("replace({column}, {value}, '') <> {column}")
}

/// Adds a text that is looked for, in any case.
fn search(sql: &mut String, values: &mut Vec<Value<'_>>, text: &str) {
    values.push(Value::from(text.to_owned()));
    let value = format!("lower(CAST(${} AS TEXT))", values.len() + 1);
    let tests = ["lower(display_name)", "email", "username"].map(|column| contains(column, &value));
    sql.push_str(&format!(" AND ({})", tests.join(" OR ")));
}

/// A page of users that meet the filter. Deleted ones only if the filter is about the status.
pub(super) async fn page(tx: &mut TenantTx, filter: &Filter, window: Window) -> Result<Vec<Managed>, StoreError> {
    let mut sql = format!("SELECT {} FROM users WHERE tenant_id = $1 AND id < $2", users::COLUMNS);
    let mut values = vec![Value::from(window.before), Value::from(window.fetch())];
    if !filter.mentions(Attribute::Status) {
        sql.push_str(" AND status <> 'deleted'");
    }
    filter.clauses().iter().for_each(|clause| condition(&mut sql, &mut values, clause));
    if let Some(text) = filter.search() {
        search(&mut sql, &mut values, text);
    }
    sql.push_str(" ORDER BY id DESC LIMIT $3");
    let rows = tx.query(&sql, &values).await?;
    let found: Vec<User> = rows.iter().map(users::from_row).collect::<Result<_, _>>()?;
    let mut roles = roles_of(tx, &found).await?;
    let managed = |user: User| Managed { roles: roles.remove(&user.id).unwrap_or_default(), user };
    Ok(found.into_iter().map(managed).collect())
}

/// The roles of every one of them, in one statement.
async fn roles_of(tx: &mut TenantTx, users: &[User]) -> Result<HashMap<UserId, Vec<RoleName>>, StoreError> {
    let mut roles: HashMap<UserId, Vec<RoleName>> = HashMap::new();
    if users.is_empty() {
        return Ok(roles);
    }
    let values: Vec<Value<'_>> = users.iter().map(|user| Value::from(user.id)).collect();
    let places: Vec<String> = (0..values.len()).map(|i| format!("${}", i + 2)).collect();
    let sql = format!(
        "SELECT m.user_id, r.name FROM user_roles m JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
        WHERE m.tenant_id = $1 AND m.user_id IN ({}) ORDER BY r.name",
        places.join(", ")
    );
    for row in tx.query(&sql, &values).await? {
        roles.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(roles)
}

pub(super) async fn by_id(tx: &mut TenantTx, id: UserId) -> Result<Option<Managed>, StoreError> {
    match users::by_id(tx, id).await? {
        None => Ok(None),
        Some(user) => Ok(Some(Managed { user, roles: roles::of_user(tx, id).await? })),
    }
}

/// Names of the fields in which another user has the same value.
pub(super) async fn taken(
    tx: &mut TenantTx,
    except: UserId,
    email: Option<&str>,
    username: Option<&str>,
    external_id: Option<&str>,
) -> Result<Vec<&'static str>, StoreError> {
    let mut fields = Vec::new();
    for (column, value) in [("email", email), ("username", username), ("external_id", external_id)] {
        let Some(value) = value else { continue };
        let held = if column == "external_id" { "AND NOT external_id_claimed" } else { "" };
        let sql = format!("SELECT id FROM users WHERE tenant_id = $1 AND {column} = $2 AND id <> $3 {held}");
        if tx.query_opt(&sql, params![value, except]).await?.is_some() {
            fields.push(column);
        }
    }
    Ok(fields)
}

/// Writes everything of the user that an administrator may change.
pub(crate) async fn update(tx: &mut TenantTx, user: &User, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE users SET email = $3, email_verified_at = $4, username = $5, external_id = $6,
            display_name = $7, company_name = $8, phone = $9, attributes = $10, updated_at = $11,
            external_id_claimed = $12
        WHERE tenant_id = $1 AND id = $2";
    let values = params![
        user.id,
        user.email.as_deref(),
        user.email_verified_at,
        user.username.as_deref(),
        user.external_id.as_deref(),
        user.display_name.as_deref(),
        user.company_name.as_deref(),
        user.phone.as_deref(),
        user.attributes.to_json(),
        now,
        user.external_id_claimed
    ];
    tx.execute(sql, values).await.map(drop)
}

/// Notes that the user's roles differ from what their tokens say.
pub(crate) async fn roles_changed(tx: &mut TenantTx, id: UserId, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE users SET standing_changed_at = $3, updated_at = $3 WHERE tenant_id = $1 AND id = $2";
    tx.execute(sql, params![id, now]).await.map(drop)
}

/// How many active super administrators there are besides this user.
pub(crate) async fn other_super_admins(tx: &mut TenantTx, id: UserId) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM user_roles m
            JOIN roles r ON r.tenant_id = m.tenant_id AND r.id = m.role_id
            JOIN users u ON u.tenant_id = m.tenant_id AND u.id = m.user_id
        WHERE m.tenant_id = $1 AND r.name = $2 AND u.status = 'active' AND u.id <> $3";
    tx.query_opt(sql, params![SUPER_ADMIN, id]).await?.map_or(Ok(0), |row| row.get(0))
}
