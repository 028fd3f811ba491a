# Čeština, s vykáním.

## Everywhere
skip-to-content = Přejít k obsahu
language = Jazyk
continue = Pokračovat
optional = (nepovinné)
error-prefix = Chyba:
faults-below = Opravte prosím následující:
span-moment = okamžik
span-seconds = { $count ->
    [one] { $count } sekundu
    [few] { $count } sekundy
   *[other] { $count } sekund
}
span-minutes = { $count ->
    [one] { $count } minutu
    [few] { $count } minuty
   *[other] { $count } minut
}
span-hours = { $count ->
    [one] { $count } hodinu
    [few] { $count } hodiny
   *[other] { $count } hodin
}

## Signing in and out
sign-in-title = Přihlášení
sign-in-login = E-mailová adresa nebo uživatelské jméno
sign-in-password-title = Zadejte své heslo
sign-in-change = Změnit
sign-in-remember = Zůstat na tomto zařízení přihlášen(a)
sign-in-submit = Přihlásit se
password = Heslo
password-show = Zobrazit heslo
password-hide = Skrýt heslo
sign-out-title = Odhlásit se?
sign-out-text = Chcete-li na tomto zařízení znovu používat svůj účet, budete se muset znovu přihlásit.
sign-out-submit = Odhlásit se
stay-signed-in = Zůstat přihlášen(a)
notice-signed-out = Jste odhlášeni.
notice-start-again = Trvalo to příliš dlouho. Začněte prosím znovu.

## The account
account-title = Váš účet
account-signed-in = Jste přihlášeni jako { $name }.

## What may be wrong with a field
fault-required = Vyplňte prosím toto pole.
fault-too-long = Je to příliš dlouhé.
fault-format = To nevypadá správně.
fault-email = Zadejte prosím e-mailovou adresu, například ada@example.com.
fault-unchanged = To už máte.
fault-other = To nelze použít.

## What may go wrong
problem-back = Na přihlášení
problem-reference = Stav { $status }, značka { $id }
problem-title-not-found = Stránka nenalezena
problem-title-forbidden = Není dovoleno
problem-title-too-many = Počkejte prosím
problem-title-unavailable = Okamžik prosím
problem-title-internal = Něco se pokazilo
problem-title-request = To se nepovedlo
problem-not-found = Tady nic není. Možná je v adrese překlep, nebo se stránka přestěhovala.
problem-forbidden = Toto nesmíte.
problem-too-many = Pokusů bylo příliš mnoho. Zkuste to prosím znovu za { $wait }.
problem-unavailable = Právě teď nemůžeme odpovědět. Zkuste to prosím znovu za { $wait }.
problem-internal = Chyba je na naší straně. Zkuste to prosím později; pokud potrvá, sdělte podpoře značku níže.
problem-request = Požadavku nebylo rozumět. Vraťte se prosím a zkuste to znovu.
problem-form-refused = Formulář nebylo možné přijmout. Možná byl otevřený velmi dlouho, nebo váš prohlížeč pro tuto stránku neukládá cookies. Povolte je prosím a zkuste to znovu.
problem-credentials-invalid = Přihlašovací údaje nejsou správné. Zkontrolujte je prosím. Pokud jste se právě zaregistrovali, nejprve potvrďte svou e-mailovou adresu.
problem-login-locked = Neúspěšných pokusů bylo příliš mnoho. Zkuste to prosím znovu za { $wait }.
