mod balance;
mod group;
