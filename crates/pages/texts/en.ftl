# English. Every language has the same messages with the same variables.

## Everywhere
skip-to-content = Skip to content
language = Language
continue = Continue
optional = (optional)
error-prefix = Error:
faults-below = Please correct the following:
span-moment = a moment
span-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
span-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
span-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}

## Signing in and out
sign-in-title = Sign in
sign-in-login = E-mail address or user name
sign-in-password-title = Enter your password
sign-in-change = Change
sign-in-remember = Keep me signed in on this device
sign-in-submit = Sign in
password = Password
password-show = Show password
password-hide = Hide password
sign-out-title = Sign out?
sign-out-text = You will need to sign in again to use your account on this device.
sign-out-submit = Sign out
stay-signed-in = Stay signed in
notice-signed-out = You are signed out.
notice-start-again = That took too long. Please start again.

## The account
account-title = Your account
account-signed-in = You are signed in as { $name }.

## What may be wrong with a field
fault-required = Please fill in this field.
fault-too-long = This is too long.
fault-format = This does not look right.
fault-email = Please enter an e-mail address, such as ada@example.com.
fault-unchanged = This is what you have already.
fault-other = This cannot be used.

## What may go wrong
problem-back = Go to sign in
problem-reference = Status { $status }, reference { $id }
problem-title-not-found = Page not found
problem-title-forbidden = Not allowed
problem-title-too-many = Please wait
problem-title-unavailable = Just a moment
problem-title-internal = Something went wrong
problem-title-request = That did not work
problem-not-found = There is nothing here. The address may be mistyped, or the page has moved.
problem-forbidden = You may not do this.
problem-too-many = There were too many attempts. Please try again in { $wait }.
problem-unavailable = We cannot answer right now. Please try again in { $wait }.
problem-internal = The fault is ours. Please try again later; if it persists, give the reference below to support.
problem-request = The request could not be understood. Please go back and try again.
problem-form-refused = The form could not be accepted. It may have been open for very long, or your browser does not keep cookies for this site. Please allow cookies and try again.
problem-credentials-invalid = The sign-in details are not right. Please check them. If you have just signed up, confirm your e-mail address first.
problem-login-locked = There were too many failed attempts. Please try again in { $wait }.
