# Français, avec « vous ».

## Everywhere
skip-to-content = Aller au contenu
language = Langue
continue = Continuer
optional = (facultatif)
error-prefix = Erreur :
faults-below = Veuillez corriger ce qui suit :
span-moment = un instant
span-seconds = { $count ->
    [one] { $count } seconde
   *[other] { $count } secondes
}
span-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
span-hours = { $count ->
    [one] { $count } heure
   *[other] { $count } heures
}

## Signing in and out
sign-in-title = Se connecter
sign-in-login = Adresse e-mail ou nom d’utilisateur
sign-in-password-title = Saisissez votre mot de passe
sign-in-change = Modifier
sign-in-remember = Rester connecté sur cet appareil
sign-in-submit = Se connecter
password = Mot de passe
password-show = Afficher le mot de passe
password-hide = Masquer le mot de passe
sign-out-title = Se déconnecter ?
sign-out-text = Il faudra vous reconnecter pour utiliser votre compte sur cet appareil.
sign-out-submit = Se déconnecter
stay-signed-in = Rester connecté
notice-signed-out = Vous êtes déconnecté.
notice-start-again = Cela a pris trop de temps. Veuillez recommencer.

## The account
account-title = Votre compte
account-signed-in = Vous êtes connecté en tant que { $name }.

## What may be wrong with a field
fault-required = Veuillez remplir ce champ.
fault-too-long = C’est trop long.
fault-format = Cela ne semble pas correct.
fault-email = Veuillez saisir une adresse e-mail, par exemple ada@example.com.
fault-unchanged = C’est déjà la valeur actuelle.
fault-other = Cela ne peut pas être utilisé.

## What may go wrong
problem-back = Aller à la connexion
problem-reference = Statut { $status }, référence { $id }
problem-title-not-found = Page introuvable
problem-title-forbidden = Non autorisé
problem-title-too-many = Veuillez patienter
problem-title-unavailable = Un instant
problem-title-internal = Une erreur s’est produite
problem-title-request = Cela n’a pas fonctionné
problem-not-found = Il n’y a rien ici. L’adresse est peut-être mal saisie, ou la page a été déplacée.
problem-forbidden = Vous n’êtes pas autorisé à faire cela.
problem-too-many = Il y a eu trop de tentatives. Veuillez réessayer dans { $wait }.
problem-unavailable = Nous ne pouvons pas répondre pour le moment. Veuillez réessayer dans { $wait }.
problem-internal = L’erreur vient de nous. Veuillez réessayer plus tard ; si elle persiste, donnez la référence ci-dessous à l’assistance.
problem-request = La demande n’a pas pu être comprise. Veuillez revenir en arrière et réessayer.
problem-form-refused = Le formulaire n’a pas pu être accepté. Il est peut-être resté ouvert très longtemps, ou votre navigateur ne conserve pas les cookies de ce site. Veuillez autoriser les cookies et réessayer.
problem-credentials-invalid = Les identifiants ne sont pas corrects. Veuillez les vérifier. Si vous venez de vous inscrire, confirmez d’abord votre adresse e-mail.
problem-login-locked = Il y a eu trop de tentatives infructueuses. Veuillez réessayer dans { $wait }.
