use futures_util::future::BoxFuture;
use kernel::ManualClock;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A part that is as it is told to be.
struct Told {
    name: &'static str,
    outcome: Mutex<Result<(), String>>,
    checks: watch::Sender<u32>,
}

impl Told {
    fn ok(name: &'static str) -> Arc<Self> {
        Arc::new(Self { name, outcome: Mutex::new(Ok(())), checks: watch::channel(0).0 })
    }
    fn set(&self, outcome: Result<(), &str>) {
        *self.outcome.lock() = outcome.map_err(str::to_owned);
    }
}

impl HealthCheck for Told {
    fn name(&self) -> String {
        self.name.to_owned()
    }
    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.checks.send_modify(|checks| *checks += 1);
            let outcome = self.outcome.lock().clone();
            match outcome {
                Err(how) if how == "hang" => std::future::pending().await,
                Err(how) if how == "panic" => panic!("as told"),
                outcome => outcome,
            }
        })
    }
}

fn health() -> (Arc<Health>, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(NOW));
    (Arc::new(Health::new(Pace::default(), clock.clone())), clock)
}

fn status(health: &Health, name: &str) -> Status {
    health.report().components[name].status
}

#[tokio::test]
async fn a_part_is_unknown_then_well_then_failing_then_well_again() {
    let (health, clock) = health();
    let database = Told::ok("database");
    health.replace("core", Importance::Vital, vec![database.clone()]);
    assert_eq!((status(&health, "database"), health.report().status), (Status::Unknown, Overall::Degraded));
    health.check().await;
    assert_eq!((status(&health, "database"), health.report().status), (Status::Ok, Overall::Ok));
    clock.advance(Duration::from_secs(10));
    database.set(Err("cannot reach postgres://gate:hunter2@db/x"));
    health.check().await;
    assert_eq!((status(&health, "database"), health.report().status), (Status::Failing, Overall::Down));
    clock.advance(Duration::from_secs(10));
    health.check().await;
    let report: Value = serde_json::from_slice(&health.report().to_json()).expect("json");
    let part = &report["components"]["database"];
    assert_eq!(
        (&report["status"], &part["status"], &part["importance"]),
        (&json!("down"), &json!("failing"), &json!("vital"))
    );
    assert_eq!(part["since"], "2027-01-15T08:00:10Z", "failing since the first time");
    assert_eq!(
        (&part["checked_at"], &part["last_error_at"]),
        (&json!("2027-01-15T08:00:20Z"), &json!("2027-01-15T08:00:20Z"))
    );
    assert_eq!(part["last_error"], "cannot reach postgres://gate:[secret]@db/x");
    assert!(part["latency_us"].is_u64());
    let brief: Value = serde_json::from_slice(&health.report().to_brief_json()).expect("json");
    assert_eq!(brief, json!({ "status": "down", "components": { "database": "failing" } }));
    database.set(Ok(()));
    health.check().await;
    let component = health.report().components["database"].clone();
    assert_eq!((component.status, component.since), (Status::Ok, NOW + Duration::from_secs(20)));
    assert!(component.last_error.is_some(), "what went wrong last is still there to read");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_hangs_or_panics_fails_alone() {
    let (health, _) = health();
    let (kv, upstream) = (Told::ok("kv"), Told::ok("upstream:orders"));
    kv.set(Err("hang"));
    upstream.set(Err("panic"));
    health.replace("core", Importance::Vital, vec![Told::ok("database")]);
    health.replace("others", Importance::Useful, vec![kv, upstream]);
    health.check().await;
    let report = health.report();
    assert_eq!((status(&health, "database"), report.status), (Status::Ok, Overall::Degraded));
    assert_eq!(report.components["kv"].last_error.as_deref(), Some("no answer within 2s"));
    assert_eq!(report.components["upstream:orders"].last_error.as_deref(), Some("the check panicked"));
}

#[tokio::test]
async fn a_reload_replaces_its_group_and_keeps_what_is_known() {
    let (health, _) = health();
    health.replace("core", Importance::Vital, vec![Told::ok("database")]);
    health.replace("upstreams", Importance::Useful, vec![Told::ok("upstream:a"), Told::ok("upstream:b")]);
    health.check().await;
    health.replace("upstreams", Importance::Useful, vec![Told::ok("upstream:b"), Told::ok("upstream:c")]);
    assert_eq!(health.report().components.keys().collect::<Vec<_>>(), ["database", "upstream:b", "upstream:c"]);
    assert_eq!((status(&health, "upstream:b"), status(&health, "upstream:c")), (Status::Ok, Status::Unknown));
    assert_eq!(health.report().status, Overall::Degraded);
    health.check().await;
    assert_eq!(health.report().status, Overall::Ok);
}

#[tokio::test(start_paused = true)]
async fn parts_are_checked_again_and_again_until_told_to_stop() {
    let (health, _) = health();
    let database = Told::ok("database");
    let mut checks = database.checks.subscribe();
    health.replace("core", Importance::Vital, vec![database]);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn({
        let health = health.clone();
        async move { health.run(async { drop(stopped.await) }).await }
    });
    checks.wait_for(|checks| *checks == 3).await.expect("checked three times");
    stop.send(()).expect("running");
    running.await.expect("ended");
    assert_eq!(health.report().status, Overall::Ok);
}

#[tokio::test]
async fn parts_are_shown_as_metrics() {
    let (health, _) = health();
    let (metrics, kv) = (Metrics::new(), Told::ok("kv"));
    health.export(&metrics);
    kv.set(Err("away"));
    health.replace("core", Importance::Vital, vec![Told::ok("database"), kv]);
    health.check().await;
    let text = metrics.render();
    assert!(text.contains("portcullis_component_up{component=\"database\"} 1.0"), "{text}");
    assert!(text.contains("portcullis_component_up{component=\"kv\"} 0.0"), "{text}");
}
