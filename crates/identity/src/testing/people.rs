//! People and tenants for tests: made in the database, logged in over the router.

use std::sync::Arc;

use kernel::{Problem, RoleName, Secret, TenantId, UserId, edge::Tenant};
use serde_json::json;
use storage::{StoreError, params};

use super::TestCore;
use crate::{
    audit::{Entry, Target},
    keys::FreshKey,
    roles,
    tenants::{self, NewTenant},
    users::{self, NewUser},
};

/// The password of everybody.
pub(crate) const PASSWORD: &str = "Violet-Kettle-93-orbit";

/// Somebody who has logged in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) tenant: Arc<Tenant>,
    /// An access token.
    pub(crate) token: String,
}

impl TestCore {
    /// Somebody of the default tenant with these roles, logged in.
    pub(crate) async fn person(&self, email: &str, roles: &[&str]) -> Person {
        self.person_of(&self.tenant(), email, roles).await
    }

    /// Somebody of this tenant with these roles, logged in.
    pub(crate) async fn person_of(&self, tenant: &Arc<Tenant>, email: &str, roles: &[&str]) -> Person {
        let (now, id) = (self.core.now(), UserId::new(self.core.now(), &*self.core.random));
        let hash = self.core.hasher.hash(Secret::new(PASSWORD.to_owned())).await.expect("a hash");
        let account =
            NewUser { password_hash: Some(hash.into()), ..NewUser::person(email.parse().expect("an address")) };
        let roles: Vec<RoleName> = roles.iter().map(|r| r.parse().expect("a role name")).collect();
        let work = self.core.store.tenant(tenant.id).write(move |tx| {
            Box::pin(async move {
                assert!(users::create(tx, id, &account, now).await?, "a new address");
                let email = account.email.as_ref().expect("an address");
                users::verify_email(tx, id, email.as_str(), now).await?;
                roles::assign(tx, id, &roles).await
            })
        });
        work.await.map_err(|e: StoreError| e).expect("a user");
        let person = Person { id, email: email.into(), tenant: tenant.clone(), token: String::new() };
        Person { token: self.login(&person).await, ..person }
    }

    /// A new access token of theirs.
    pub(crate) async fn login(&self, person: &Person) -> String {
        let body = json!({ "email": person.email, "password": PASSWORD });
        let answer = self.post("/api/v1/auth/login", &body).tenant(&person.tenant).send().await.expect(200);
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Another tenant.
    pub(crate) async fn new_tenant(&self, slug: &str) -> Arc<Tenant> {
        let (now, random) = (self.core.now(), self.core.random.clone());
        let id = TenantId::new(now, &*random);
        let key = FreshKey::generate(&self.core.vault, &random, id, self.core.settings.tokens.algorithm).await;
        let (key, slug) = (key.expect("a key"), slug.parse().expect("a slug"));
        let new = NewTenant { id, slug, name: "Another".into(), hosts: Vec::new() };
        let entry = Entry::by_system(tenants::CREATED, Target::new("tenant", id));
        let work =
            self.core.store.system().write(move |tx| {
                Box::pin(async move { tenants::create(tx, new, key, None, entry, now, random).await })
            });
        let seq = work.await.map_err(|e: Problem| e).expect("a tenant");
        self.core.settle(seq).await.expect("settled");
        self.core.edge.tenants.load().by_id(id).expect("the edge knows it").clone()
    }

    /// How often this was audited in the tenant.
    pub(crate) async fn audited(&self, tenant: TenantId, action: &'static str) -> i64 {
        let sql = "SELECT count(*) FROM audit_log WHERE tenant_id = $1 AND action = $2";
        let work = self
            .core
            .store
            .tenant(tenant)
            .read(move |tx| Box::pin(async move { tx.query_opt(sql, params![action]).await }));
        work.await.map_err(|e: StoreError| e).expect("rows").expect("a row").get(0).expect("a number")
    }
}
