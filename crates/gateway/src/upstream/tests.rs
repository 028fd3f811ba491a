mod balance;
