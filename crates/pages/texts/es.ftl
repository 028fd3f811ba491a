# Español, de «tú».

## Everywhere
skip-to-content = Ir al contenido
language = Idioma
continue = Continuar
optional = (opcional)
error-prefix = Error:
faults-below = Corrige lo siguiente:
span-moment = un momento
span-seconds = { $count ->
    [one] { $count } segundo
   *[other] { $count } segundos
}
span-minutes = { $count ->
    [one] { $count } minuto
   *[other] { $count } minutos
}
span-hours = { $count ->
    [one] { $count } hora
   *[other] { $count } horas
}

## Signing in and out
sign-in-title = Inicia sesión
sign-in-login = Correo electrónico o nombre de usuario
sign-in-password-title = Introduce tu contraseña
sign-in-change = Cambiar
sign-in-remember = Mantener la sesión iniciada en este dispositivo
sign-in-submit = Iniciar sesión
password = Contraseña
password-show = Mostrar la contraseña
password-hide = Ocultar la contraseña
sign-out-title = ¿Cerrar sesión?
sign-out-text = Tendrás que volver a iniciar sesión para usar tu cuenta en este dispositivo.
sign-out-submit = Cerrar sesión
stay-signed-in = Mantener la sesión
notice-signed-out = Has cerrado la sesión.
notice-start-again = Ha pasado demasiado tiempo. Empieza de nuevo.

## The account
account-title = Tu cuenta
account-signed-in = Has iniciado sesión como { $name }.

## What may be wrong with a field
fault-required = Rellena este campo.
fault-too-long = Es demasiado largo.
fault-format = Esto no parece correcto.
fault-email = Introduce una dirección de correo, por ejemplo ada@example.com.
fault-unchanged = Es lo que ya tienes.
fault-other = Esto no se puede usar.

## What may go wrong
problem-back = Ir al inicio de sesión
problem-reference = Estado { $status }, referencia { $id }
problem-title-not-found = Página no encontrada
problem-title-forbidden = No permitido
problem-title-too-many = Espera un poco
problem-title-unavailable = Un momento
problem-title-internal = Algo ha salido mal
problem-title-request = No ha funcionado
problem-not-found = Aquí no hay nada. Quizá la dirección esté mal escrita o la página haya cambiado de sitio.
problem-forbidden = No tienes permiso para hacer esto.
problem-too-many = Ha habido demasiados intentos. Vuelve a intentarlo dentro de { $wait }.
problem-unavailable = Ahora mismo no podemos responder. Vuelve a intentarlo dentro de { $wait }.
problem-internal = El fallo es nuestro. Vuelve a intentarlo más tarde; si continúa, da a soporte la referencia de abajo.
problem-request = No se ha entendido la petición. Vuelve atrás e inténtalo de nuevo.
problem-form-refused = No se ha podido aceptar el formulario. Quizá haya estado abierto mucho tiempo, o tu navegador no guarda cookies de este sitio. Permite las cookies e inténtalo de nuevo.
problem-credentials-invalid = Los datos de acceso no son correctos. Compruébalos. Si acabas de registrarte, confirma primero tu dirección de correo.
problem-login-locked = Ha habido demasiados intentos fallidos. Vuelve a intentarlo dentro de { $wait }.
