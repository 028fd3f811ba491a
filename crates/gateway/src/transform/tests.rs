mod forwarded;
mod headers;
