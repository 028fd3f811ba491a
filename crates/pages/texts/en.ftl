# English. Every language has the same messages with the same variables.

## Everywhere
skip-to-content = Skip to content
language = Language
continue = Continue
preview-note = This is a preview. Nothing on it works.
link-terms = Terms of use
link-privacy = Privacy
link-support = Help
sign-up-agree = By signing up you accept:
optional = (optional)
copy = Copy
copied = Copied
error-prefix = Error:
faults-below = Please correct the following:
fault-at = { $field }: { $text }
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
sign-in-passkey = Sign in with a passkey
passkey-failed = That did not work. Please try again, or choose another way.
passkey-without = This needs JavaScript, and a browser that knows passkeys.
sign-in-password-title = Enter your password
sign-in-change = Change
sign-in-remember = Keep me signed in on this device
sign-in-submit = Sign in
password = Password
password-show = Show password
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
fault-choice = Please choose one of these.
fault-too-small = This number is too small.
fault-too-large = This number is too large.
fault-text-too-short = This is too short.
fault-number = Please enter a number.
fault-whole-number = Please enter a whole number.
attribute-choose = Please choose
attribute-least = At least { $least }.
attribute-most = At most { $most }.
attribute-range = From { $least } to { $most }.

## What may go wrong
problem-back = Go to sign in
problem-account = Go to your account
problem-open-again = Open the page again
problem-try-again = Try again
problem-reference = Status { $status }, reference { $id }
problem-title-not-found = Page not found
problem-title-forbidden = Not allowed
problem-title-too-many = Please wait
problem-title-unavailable = Just a moment
problem-title-internal = Something went wrong
problem-title-request = That did not work
problem-title-sign-in = Please sign in
problem-sign-in = You need to be signed in to see this.
problem-step-up = This needs a recent sign-in, or one with two-step verification, which you set up in your account. Please show once more that it is you.
problem-not-found = There is nothing here. The address may be mistyped, or the page has moved.
problem-forbidden = This is not allowed. If you think that it should be, please tell your administrator the reference below.
problem-too-many = There were too many attempts. Please try again in { $wait }.
problem-unavailable = We cannot answer right now. Please try again in { $wait }.
problem-internal = The fault is ours. Please try again later; if it persists, give the reference below to support.
problem-request = The request could not be understood. Please go back and try again.
problem-form-refused = The form could not be accepted, and nothing was changed. It may have been open for very long, or your browser does not keep cookies for this site. Please allow cookies, open the page again, and fill the form in there.
problem-credentials-invalid = The sign-in details are not right. Please check them. If you have just signed up, confirm your e-mail address first.
problem-login-locked = There were too many failed attempts. Please try again in { $wait }.

## Signing up, and what mails lead to
or = or
email = E-mail address
your-name = Your name
new-password = New password
sign-up-title = Create your account
sign-up-submit = Create account
sign-up-elsewhere = You can sign up through the application only: it asks for more than this page can.
sign-up-needs-script = Your browser has to solve a small puzzle to sign up here, which needs JavaScript.
sign-up-already = Do you have an account?
sign-up-link = Create an account
sign-up-question = New here?
forgotten-link = Forgot your password?
rule-length = { $count ->
    [one] { $count } character or more
   *[other] { $count } characters or more
}
rule-cases = Upper-case and lower-case letters
rule-upper = An upper-case letter
rule-lower = A lower-case letter
rule-digit = A digit
rule-special = A character that is neither letter nor digit
rule-unguessable = Hard to guess: several unrelated words are best
verify-title = Confirm your e‑mail address
verify-text = Press the button to confirm that { $email } is yours.
verify-submit = Confirm
code-title = Check your mail
code-sent = We have sent a link and a code to { $email }. Open the link, or enter the code here.
code-text = Enter the address and the code that we sent to it.
code-label = Six-digit code
code-again = Send a new mail
forgotten-title = Forgot your password?
forgotten-text = Tell us your e-mail address. If there is an account, we will send a link to choose a new password.
forgotten-submit = Send the link
sent-title = Check your mail
sent-text = If there is an account for { $email }, a link to choose a new password is on its way.
sent-hint = It may take a minute. Please look among unwanted mail, too.
sent-again = Send another link
choose-title = Choose a new password
choose-submit = Save password
choose-ends = You will be signed out everywhere else. The link does not work?
invited-title = Welcome to { $product }
invited-text = Choose a password for your new account.
invited-dead = If you have chosen a password already, sign in with it. Otherwise ask whoever invited you for another invitation.
change-title = Confirm your new e‑mail address
change-text = Press the button to use { $email } for your account from now on.
change-dead = Your account shows which address is yours now. There you can also ask for another mail.
change-submit = Confirm
notice-mail-sent = If there is anything to confirm for this address, a new mail is on its way.
notice-email-verified = Your e-mail address is confirmed.
notice-email-changed = Your new e-mail address is confirmed.
notice-password-chosen = Your password is saved. Please sign in with it.
problem-verification-invalid = This link or code does not work any more. It may have been used, have expired, or a newer one was sent.
problem-work = The small puzzle for your browser has not been solved. Please send the form again. Should that not help: it takes JavaScript and an address that begins with https.
problem-registration-closed = You cannot sign up here yourself. Please ask an administrator for an account.
fault-too-short = Please use more characters.
fault-no-uppercase = Please add an upper-case letter.
fault-no-lowercase = Please add a lower-case letter.
fault-no-digit = Please add a digit.
fault-no-special = Please add a character that is neither letter nor digit.
fault-contains-identity = Please do not use your name, your company, your user name or your e-mail address in it.
fault-guessable = This is easy to guess. Please use several unrelated words, or a password manager.
fault-common = This is a common password. Please choose another.
fault-breached = This password is known from a data breach. Please choose another.
fault-used-before = You have used this password before. Please choose another.
fault-code = Please enter the six digits.

## Second factors
second-title = Confirm it is you
second-totp = Enter the code that your authenticator app shows.
second-sms = We can send a code to your phone { $phone }.
second-sms-send = Send a code
second-sms-sent = Enter the code that we have sent to your phone { $phone }. It is valid for five minutes.
second-sms-again = Send another code
second-backup = Enter one of the backup codes that you kept. Each works once.
second-backup-label = Backup code
second-passkey = Confirm with one of your passkeys that it is you.
second-others = Another way
second-use-totp = Use an authenticator app
second-use-sms = Use a text message to { $phone }
second-use-backup = Use a backup code
second-use-passkey = Use a passkey
second-trust = { $days ->
    [one] Do not ask again on this device for { $days } day
   *[other] Do not ask again on this device for { $days } days
}
second-cancel = Cancel
step-up-text = What you want to do needs a recent sign-in. Please show once more that it is you.
step-up-passkey = Use a passkey
step-up-sign-in = Sign in again instead
enrol-title = Protect your account
enrol-text = You need a second step for signing in here: an app on your phone, or text messages.
enrol-other = Choose another way
notice-sms-sent = A code is on its way to your phone.
problem-code = The code is not right. Please check it; codes of an app change every 30 seconds.
problem-code-sms = The code is not right. Please check that it is from the latest message, or have another one sent.
problem-sessions-full = You are signed in in as many places as you may be at once. Please sign out in one of them first.
problem-code-used = This code has been used. Please wait for the next one.
problem-no-phone = There is no phone to send a code to. Please use another way.
problem-passkey-invalid = The passkey was not accepted. Please try again, or choose another way.
problem-passkey-none = You have no passkey for this address. Please choose another way.
problem-passkey-needed = Please sign in with your passkey: a password alone is not enough here.
problem-email-unverified = Please confirm your e-mail address first: open the link in the mail that we have sent, or ask for another mail.
fault-phone = Please enter a number in international form, such as +4930123456.
