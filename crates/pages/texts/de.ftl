# Deutsch, mit „Sie“.

## Everywhere
skip-to-content = Zum Inhalt springen
language = Sprache
continue = Weiter
optional = (freiwillig)
error-prefix = Fehler:
faults-below = Bitte korrigieren Sie Folgendes:
span-moment = einem Augenblick
span-seconds = { $count ->
    [one] { $count } Sekunde
   *[other] { $count } Sekunden
}
span-minutes = { $count ->
    [one] { $count } Minute
   *[other] { $count } Minuten
}
span-hours = { $count ->
    [one] { $count } Stunde
   *[other] { $count } Stunden
}

## Signing in and out
sign-in-title = Anmelden
sign-in-login = E-Mail-Adresse oder Benutzername
sign-in-password-title = Geben Sie Ihr Passwort ein
sign-in-change = Ändern
sign-in-remember = Auf diesem Gerät angemeldet bleiben
sign-in-submit = Anmelden
password = Passwort
password-show = Passwort anzeigen
password-hide = Passwort verbergen
sign-out-title = Abmelden?
sign-out-text = Um Ihr Konto auf diesem Gerät wieder zu nutzen, müssen Sie sich neu anmelden.
sign-out-submit = Abmelden
stay-signed-in = Angemeldet bleiben
notice-signed-out = Sie sind abgemeldet.
notice-start-again = Das hat zu lange gedauert. Bitte beginnen Sie von vorn.

## The account
account-title = Ihr Konto
account-signed-in = Sie sind als { $name } angemeldet.

## What may be wrong with a field
fault-required = Bitte füllen Sie dieses Feld aus.
fault-too-long = Das ist zu lang.
fault-format = Das scheint nicht zu stimmen.
fault-email = Bitte geben Sie eine E-Mail-Adresse ein, etwa ada@example.com.
fault-unchanged = Das haben Sie schon.
fault-other = Das kann nicht verwendet werden.

## What may go wrong
problem-back = Zur Anmeldung
problem-reference = Status { $status }, Kennung { $id }
problem-title-not-found = Seite nicht gefunden
problem-title-forbidden = Nicht erlaubt
problem-title-too-many = Bitte warten Sie
problem-title-unavailable = Einen Augenblick
problem-title-internal = Etwas ist schiefgegangen
problem-title-request = Das hat nicht geklappt
problem-not-found = Hier ist nichts. Vielleicht ist die Adresse vertippt, oder die Seite ist umgezogen.
problem-forbidden = Das dürfen Sie nicht.
problem-too-many = Es waren zu viele Versuche. Bitte versuchen Sie es in { $wait } wieder.
problem-unavailable = Wir können gerade nicht antworten. Bitte versuchen Sie es in { $wait } wieder.
problem-internal = Der Fehler liegt bei uns. Bitte versuchen Sie es später wieder; wenn es so bleibt, nennen Sie dem Support die Kennung unten.
problem-request = Die Anfrage war nicht zu verstehen. Bitte gehen Sie zurück und versuchen Sie es noch einmal.
problem-form-refused = Das Formular konnte nicht angenommen werden. Vielleicht war es sehr lange offen, oder Ihr Browser behält keine Cookies für diese Seite. Bitte erlauben Sie Cookies und versuchen Sie es noch einmal.
problem-credentials-invalid = Die Anmeldedaten stimmen nicht. Bitte prüfen Sie sie. Wenn Sie sich gerade registriert haben, bestätigen Sie zuerst Ihre E-Mail-Adresse.
problem-login-locked = Es gab zu viele Fehlversuche. Bitte versuchen Sie es in { $wait } wieder.
