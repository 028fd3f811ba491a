mod client;
mod decode;
mod request_head;
mod server;
