mod head;
mod host;
mod path;
mod scanner;
