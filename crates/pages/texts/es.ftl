# Español, de «tú».

## Everywhere
skip-to-content = Ir al contenido
language = Idioma
continue = Continuar
preview-note = Esto es una vista previa. Nada de lo que hay en ella funciona.
link-terms = Condiciones de uso
link-privacy = Privacidad
link-support = Ayuda
sign-up-agree = Al registrarte, aceptas:
optional = (opcional)
copy = Copiar
copied = Copiado
error-prefix = Error:
faults-below = Corrige lo siguiente:
fault-at = { $field }: { $text }
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
sign-in-passkey = Iniciar sesión con una llave de acceso
passkey-failed = No ha funcionado. Inténtalo de nuevo o elige otro método.
passkey-without = Hacen falta JavaScript y un navegador compatible con las llaves de acceso.
sign-in-password-title = Introduce tu contraseña
sign-in-change = Cambiar
sign-in-remember = Mantener la sesión iniciada en este dispositivo
sign-in-submit = Iniciar sesión
password = Contraseña
password-show = Mostrar la contraseña
sign-out-title = ¿Cerrar sesión?
sign-out-text = Tendrás que volver a iniciar sesión para usar tu cuenta en este dispositivo.
sign-out-submit = Cerrar sesión
stay-signed-in = Mantener la sesión iniciada
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
fault-choice = Elige una de estas opciones.
fault-too-small = Este número es demasiado pequeño.
fault-too-large = Este número es demasiado grande.
fault-text-too-short = Es demasiado corto.
fault-number = Introduce un número.
fault-whole-number = Introduce un número entero.
attribute-choose = Elige una opción
attribute-least = Como mínimo { $least }.
attribute-most = Como máximo { $most }.
attribute-range = De { $least } a { $most }.

## What may go wrong
problem-back = Ir al inicio de sesión
problem-account = Ir a tu cuenta
problem-open-again = Abrir la página de nuevo
problem-try-again = Intentar de nuevo
problem-reference = Estado { $status }, referencia { $id }
problem-title-not-found = Página no encontrada
problem-title-forbidden = No permitido
problem-title-too-many = Espera un poco
problem-title-unavailable = Un momento
problem-title-internal = Algo ha salido mal
problem-title-request = No ha funcionado
problem-title-sign-in = Inicia sesión
problem-sign-in = Tienes que iniciar sesión para ver esto.
problem-step-up = Esto requiere un inicio de sesión reciente o con verificación en dos pasos, que se configura en tu cuenta. Confirma una vez más que eres tú.
problem-not-found = Aquí no hay nada. Quizá la dirección esté mal escrita o la página haya cambiado de sitio.
problem-forbidden = Esto no está permitido. Si crees que debería estarlo, da a tu administrador la referencia de abajo.
problem-too-many = Ha habido demasiados intentos. Vuelve a intentarlo dentro de { $wait }.
problem-unavailable = Ahora mismo no podemos responder. Vuelve a intentarlo dentro de { $wait }.
problem-internal = El fallo es nuestro. Vuelve a intentarlo más tarde; si continúa, da a soporte la referencia de abajo.
problem-request = No se ha podido procesar la solicitud. Vuelve atrás e inténtalo de nuevo.
problem-form-refused = No se ha podido aceptar el formulario y no se ha cambiado nada. Quizá haya estado abierto mucho tiempo o tu navegador no guarde las cookies de este sitio. Permite las cookies, abre la página de nuevo y rellena allí el formulario.
problem-credentials-invalid = Los datos de acceso no son correctos. Compruébalos. Si acabas de registrarte, confirma primero tu dirección de correo.
problem-login-locked = Ha habido demasiados intentos fallidos. Vuelve a intentarlo dentro de { $wait }.

## Signing up, and what mails lead to
or = o
email = Correo electrónico
your-name = Tu nombre
new-password = Nueva contraseña
sign-up-title = Crea tu cuenta
sign-up-submit = Crear cuenta
sign-up-elsewhere = Solo puedes registrarte desde la aplicación: pide más de lo que esta página puede preguntar.
sign-up-needs-script = Para el registro, tu navegador tiene que hacer un pequeño cálculo, y para eso necesita JavaScript.
sign-up-already = ¿Ya tienes una cuenta?
sign-up-link = Crear una cuenta
sign-up-question = ¿Aún no tienes cuenta?
forgotten-link = ¿Has olvidado tu contraseña?
rule-length = { $count ->
    [one] Al menos { $count } carácter
   *[other] Al menos { $count } caracteres
}
rule-cases = Mayúsculas y minúsculas
rule-upper = Una mayúscula
rule-lower = Una minúscula
rule-digit = Un número
rule-special = Un carácter especial (ni letra ni número)
rule-unguessable = Difícil de adivinar: mejor varias palabras sin relación entre sí
verify-title = Confirma tu dirección de correo
verify-text = Pulsa el botón para confirmar que la dirección { $email } es tuya.
verify-submit = Confirmar
code-title = Revisa tu correo
code-sent = Hemos enviado un enlace y un código a { $email }. Abre el enlace o introduce el código aquí.
code-text = Introduce la dirección y el código que le hemos enviado.
code-label = Código de seis dígitos
code-again = Enviar otro correo
forgotten-title = ¿Has olvidado tu contraseña?
forgotten-text = Indica tu dirección de correo. Si hay una cuenta con ella, te enviaremos un enlace para elegir una contraseña nueva.
forgotten-submit = Enviar el enlace
sent-title = Revisa tu correo
sent-text = Si hay una cuenta para { $email }, recibirás un enlace para elegir una contraseña nueva.
sent-hint = Puede tardar un minuto. Mira también en la carpeta de correo no deseado.
sent-again = Enviar otro enlace
choose-title = Elige una contraseña nueva
choose-submit = Guardar contraseña
choose-ends = Se cerrará tu sesión en todos los demás lugares. ¿No funciona el enlace?
invited-title = Te damos la bienvenida a { $product }
invited-text = Elige una contraseña para tu cuenta nueva.
invited-dead = Si ya has elegido una contraseña, inicia sesión con ella. Si no, pide otra invitación a quien te invitó.
change-title = Confirma tu nueva dirección de correo
change-text = Pulsa el botón para usar la dirección { $email } en tu cuenta a partir de ahora.
change-dead = En tu cuenta puedes ver qué dirección tienes ahora. Allí también puedes pedir otro correo.
change-submit = Confirmar
notice-mail-sent = Si hay algo que confirmar para esta dirección, recibirás otro correo.
notice-email-verified = Tu dirección de correo está confirmada.
notice-email-changed = Tu nueva dirección de correo está confirmada.
notice-password-chosen = Tu contraseña se ha guardado. Inicia sesión con ella.
problem-verification-invalid = Este enlace o código ya no funciona. Quizá se haya usado, haya caducado o se haya enviado otro más reciente.
problem-work = Tu navegador no ha hecho el pequeño cálculo. Envía el formulario otra vez. Si no funciona: hacen falta JavaScript y una dirección que empiece por https.
problem-registration-closed = Aquí no puedes registrarte por tu cuenta. Pide una cuenta a un administrador.
fault-too-short = Usa más caracteres.
fault-no-uppercase = Añade una mayúscula.
fault-no-lowercase = Añade una minúscula.
fault-no-digit = Añade un número.
fault-no-special = Añade un carácter especial (ni letra ni número).
fault-contains-identity = No uses en ella tu nombre, tu empresa, tu nombre de usuario ni tu dirección de correo.
fault-guessable = Es fácil de adivinar. Usa varias palabras sin relación entre sí o un gestor de contraseñas.
fault-common = Es una contraseña muy común. Elige otra.
fault-breached = Esta contraseña ha aparecido en una filtración de datos. Elige otra.
fault-used-before = Ya has usado esta contraseña. Elige otra.
fault-code = Introduce los seis dígitos.

## Second factors
second-title = Confirma que eres tú
second-totp = Introduce el código que muestra tu aplicación de autenticación.
second-sms = Podemos enviar un código a tu teléfono { $phone }.
second-sms-send = Enviar un código
second-sms-sent = Introduce el código que hemos enviado a tu teléfono { $phone }. Es válido durante cinco minutos.
second-sms-again = Enviar otro código
second-backup = Introduce uno de los códigos de respaldo que guardaste. Cada uno sirve solo una vez.
second-backup-label = Código de respaldo
second-passkey = Confirma que eres tú con una de tus llaves de acceso.
second-others = Otros métodos
second-use-totp = Usar una aplicación de autenticación
second-use-sms = Recibir un código por SMS en { $phone }
second-use-backup = Usar un código de respaldo
second-use-passkey = Usar una llave de acceso
second-trust = { $days ->
    [one] No volver a preguntar en este dispositivo durante { $days } día
   *[other] No volver a preguntar en este dispositivo durante { $days } días
}
second-cancel = Cancelar
step-up-text = Esto requiere un inicio de sesión reciente. Confirma una vez más que eres tú.
step-up-passkey = Usar una llave de acceso
step-up-sign-in = Mejor volver a iniciar sesión
enrol-title = Protege tu cuenta
enrol-text = Aquí necesitas un segundo paso para iniciar sesión: una aplicación en tu teléfono o SMS.
enrol-other = Elegir otro método
notice-sms-sent = Recibirás un código en tu teléfono.
problem-code = El código no es correcto. Compruébalo; los códigos de una aplicación cambian cada 30 segundos.
problem-code-sms = El código no es correcto. Comprueba que sea el del último mensaje, o pide que te enviemos otro.
problem-sessions-full = Has alcanzado el número máximo de sesiones. Cierra primero una de ellas.
problem-code-used = Este código ya se ha usado. Espera al siguiente.
problem-no-phone = No hay ningún teléfono al que enviar un código. Usa otro método.
problem-passkey-invalid = La llave de acceso no se ha aceptado. Inténtalo de nuevo o elige otro método.
problem-passkey-none = No tienes ninguna llave de acceso para esta dirección. Elige otro método.
problem-passkey-needed = Inicia sesión con tu llave de acceso: aquí no basta con la contraseña.
problem-email-unverified = Confirma primero tu dirección de correo: abre el enlace del mensaje que te hemos enviado o pide otro.
fault-phone = Introduce un número en formato internacional, por ejemplo +4930123456.
