/** What a hostile guest may print: escapes, markup, characters that change the direction of text. */
export const evil = 'evil \u001b[31m\u009b2J \0 \ufffe | ` <b> & "q" ]]> \u202e';

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
export const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/;
