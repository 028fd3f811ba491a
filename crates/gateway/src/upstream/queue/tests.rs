use std::time::Duration;

use futures_util::{FutureExt as _, future::join_all};

use super::*;
use crate::config::Duration as Span;

fn queue(max: u32, queue: u32) -> Arc<Queue> {
    Arc::new(Queue::new(&ConcurrencyConfig { max, queue, queue_timeout: Span::from_secs(2) }))
}

#[tokio::test(start_paused = true)]
async fn fifty_at_once_get_the_places_and_the_queue_and_no_more() {
    let queue = queue(5, 7);
    let entered = join_all((0..50).map(|_| {
        let queue = queue.clone();
        tokio::spawn(async move { queue.enter().await })
    }));
    let entered: Vec<_> = entered.await.into_iter().map(|entered| entered.expect("it ends")).collect();
    assert_eq!(entered.iter().filter(|entered| entered.is_ok()).count(), 5);
    // Those who waited did so in vain: nobody gave a place back.
    assert_eq!(queue.numbers(), (5, 0, 45));
    drop(entered);
    assert_eq!(queue.numbers(), (0, 0, 45));
}

#[tokio::test(start_paused = true)]
async fn whoever_came_first_is_served_first() {
    let queue = queue(1, 2);
    let place = queue.enter().await.expect("a place");
    let mut first = Box::pin(queue.enter());
    let mut second = Box::pin(queue.enter());
    assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
    assert!(matches!(queue.enter().await, Err(Failure::Saturated(wait)) if wait == Duration::from_secs(2)));
    drop(place);
    assert!(second.as_mut().now_or_never().is_none());
    let place = first.await.expect("its turn");
    // One who gives up makes room for another.
    drop(second);
    assert_eq!(queue.numbers().1, 0);
    let mut third = Box::pin(queue.enter());
    assert!(third.as_mut().now_or_never().is_none());
    drop(place);
    third.await.expect("its turn");
}
