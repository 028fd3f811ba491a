mod client;
mod decode;
