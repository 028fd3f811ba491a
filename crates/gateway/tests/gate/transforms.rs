//! Routes that change requests and responses.

use crate::harness::{Gate, Setup, Upstream};

fn route(upstream: &Upstream, path: &str, more: &str) -> String {
    format!(
        "upstreams.u.targets = [\"http://{}\"]\n[[routes]]\nname = \"r\"\nmatch.path = \"{path}\"\nupstream = \"u\"\nauth = \"none\"\n{more}",
        upstream.address
    )
}

#[tokio::test]
async fn the_upstream_sees_another_path_query_and_other_fields() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&route(
        &upstream,
        "/orders/{id}/{*rest}",
        r#"
        [routes.request]
        path = "/v2/{tenant}/{path.rest}/of/{path.id}"
        query = { remove = ["debug"], set = { lang = "{header.Accept-Language}" } }
        [routes.request.headers]
        remove = ["X-Secret"]
        rename = { X-Old = "X-New" }
        set = { X-Order = "{path.id}", X-User = "{user.id}", Authorization = "Basic c2VydmljZQ==" }
        add = { Via = "1.1 {host}", X-Trace = "{request_id} {client_ip} {method} {route}" }
        "#,
    ));
    let fields = "X-Secret: 1\r\nX-Old: a\r\nX-Old: b\r\nX-New: c\r\nX-User: root\r\nVia: 1.0 x\r\n\
                  Authorization: Bearer mine\r\nAccept-Language: de-AT, de\r\n";
    assert_eq!(gate.get("/orders/4%C3%A4/items/7?debug=1&a=b&lang=fr", fields).await.status(), 200);
    let seen = upstream.only();
    assert_eq!(seen.start, "GET /v2/default/items/7/of/4%C3%A4?a=b&lang=de-AT%2C%20de HTTP/1.1");
    assert_eq!((seen.field("x-secret"), seen.field("x-old"), seen.field("x-user")), (None, None, None));
    assert_eq!(seen.all("x-new"), ["a", "b"]);
    assert_eq!(seen.field("x-order"), Some("4%C3%A4"));
    assert_eq!(seen.all("via"), ["1.0 x", "1.1 gate.test"]);
    assert_eq!(seen.field("authorization"), Some("Basic c2VydmljZQ=="), "the route's own, not the client's");
    let id = seen.field("x-request-id").expect("an id");
    assert_eq!(seen.field("x-trace"), Some(format!("{id} 127.0.0.1 GET r").as_str()));
    assert_eq!(seen.field("accept-language"), Some("de-AT, de"));
}

#[tokio::test]
async fn what_a_client_sends_cannot_break_out_of_its_place() {
    let upstream = Upstream::ok().await;
    let gate = Gate::open(&route(
        &upstream,
        "/{id}",
        "[routes.request]\nquery.set.q = \"{query.x}\"\nheaders.set = { X-Q = \"{query.x}\", X-Id = \"{path.id}\" }\n",
    ));
    let evil = "/a%20b?x=1%0D%0AX-Portcullis-User:%20root%0D%0A%0D%0AGET%20/admin%26admin=1%00%23&q=2";
    assert_eq!(gate.get(evil, "").await.status(), 200);
    let seen = upstream.only();
    assert_eq!(seen.field("x-portcullis-user"), None);
    assert_eq!(seen.field("x-q"), Some("1%0D%0AX-Portcullis-User: root%0D%0A%0D%0AGET /admin&admin=1%00#"));
    assert_eq!(seen.field("x-id"), Some("a b"));
    let query = "&q=1%0D%0AX-Portcullis-User%3A%20root%0D%0A%0D%0AGET%20%2Fadmin%26admin%3D1%00%23 HTTP/1.1";
    assert!(seen.start.ends_with(query), "{}", seen.start);
}

#[tokio::test]
async fn a_caller_is_part_of_a_path_where_one_is_required() {
    let upstream = Upstream::ok().await;
    let text = route(&upstream, "/me/{*rest}", "[routes.request]\npath = \"/users/{user.id}/{path.rest}\"\n");
    let gate = Gate::open(&text.replace("auth = \"none\"", "auth = [\"api_key\"]"));
    assert_eq!(gate.get("/me/orders", "X-API-Key: pk_live_ada\r\n").await.status(), 200);
    assert_eq!(upstream.only().start, "GET /users/00000000-0000-0000-0000-000000000ada/orders HTTP/1.1");
}

#[tokio::test]
async fn responses_change_and_refusals_do_not() {
    let upstream =
        Upstream::answering("HTTP/1.1 404 Not Found\r\nServer: secret/1.0\r\nX-Old: 1\r\nContent-Length: 2\r\n\r\nno")
            .await;
    let text = route(
        &upstream,
        "/{id}",
        r#"
        [routes.response]
        status = { 404 = 410 }
        [routes.response.headers]
        remove = ["Server"]
        rename = { X-Old = "X-New" }
        set = { Strict-Transport-Security = "max-age=31536000", X-Asked-For = "{path.id}{query.nothing}" }
        add = { Link = "</docs/{path.id}>; rel=help" }
        "#,
    );
    let gate = Gate::open(&text);
    let answer = gate.get("/7", "").await;
    assert_eq!((answer.status(), answer.text()), (410, "no".into()));
    assert_eq!((answer.field("server"), answer.field("x-old"), answer.field("x-new")), (None, None, Some("1")));
    assert_eq!(answer.field("strict-transport-security"), Some("max-age=31536000"));
    assert_eq!((answer.field("x-asked-for"), answer.field("link")), (None, Some("</docs/7>; rel=help")));
    assert_eq!(gate.ledger.finished(1).await[0].status, 410);
    let refused = gate.get("/a/b", "").await;
    assert_eq!((refused.status(), refused.field("strict-transport-security")), (404, None));
}

#[tokio::test]
async fn a_template_that_makes_no_path_is_refused() {
    let upstream = Upstream::ok().await;
    let gate = Setup::new(&route(&upstream, "/{id}", "[routes.request]\npath = \"/x/..{path.id}\"\n")).open();
    assert_eq!(gate.get("/;y", "").await.problem(), (400, "request.path".into()));
    assert_eq!(gate.get("/y", "").await.status(), 200);
    assert_eq!(upstream.only().start, "GET /x/..y HTTP/1.1");
}
