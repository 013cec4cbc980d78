// Made by `npm run codegen` from openapi/v1.json; do not edit.

export interface paths {
    "/api/v1/api-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The living API keys */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Key"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Make an API key */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            responses: {
                /** @description Created */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MadeKey"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End an API key */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Ended */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A delivery with what it carries and its attempts */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeliveryDetail"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{id}/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a dead letter up; it goes with its trace */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is `discarded` */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It is no dead letter */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{id}/edit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send another message in place of a dead letter, under an id of its own */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Edited"];
                };
            };
            responses: {
                /** @description It is due now; the dead letter is `replaced` */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Resent"];
                    };
                };
                /** @description It is no dead letter, or cannot be read */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deliveries/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send a dead letter again, under its old id */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is due now */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It is no dead letter */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/destination-kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The kinds of destinations, with the JSON Schemas of what each is told */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DestinationKind"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/destinations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A destination */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DestinationView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        /** Change a destination */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DestinationInput"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DestinationView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        /** Delete a destination that nothing waits for */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/destinations/{id}/close_breaker": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Close a destination's breaker, so that what waits is tried now */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is closed; should the receiver still fail, it opens again */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/destinations/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Switch a destination off; what is for it is kept */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DisableInput"];
                };
            };
            responses: {
                /** @description Nothing is sent to it until it is switched on again */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/destinations/{id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a destination that was switched off take deliveries again */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It takes deliveries; what waited is sent */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/destinations/{id}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What would be sent to a destination
         * @description A message that must be divided is several requests. Nothing is sent.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TrialInput"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PreviewView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/destinations/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replace a destination's signing keys
         * @description Until the overlap is over, the keys of before sign as well; in a header that holds one signature (`hmac`) it is the old
         *     secret's until then. After that they end by themselves.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RotateKeysInput"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RotatedKeysView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/destinations/{id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send one message to a destination, outside its queue
         * @description It is a real attempt, made once, at once, whatever the breaker or the switch says; nothing follows from what comes of
         *     it. At most ten are made in a minute.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TrialInput"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TrialView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/documents/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a document */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The environments */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Environment"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set how long an environment keeps its history */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["EnvironmentSettings"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Environment"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The deliveries of an environment, newest first. With `destination` or `reason` so many of the newest are looked at,
         *     so a page may be short and have a `next` all the same
         */
        get: {
            parameters: {
                query?: {
                    /** @description Only those older than the one with this id. */
                    before?: string;
                    /** @description Only those to this destination, by id. */
                    destination?: string;
                    /** @description Only those of this flow, by name. */
                    flow?: string;
                    /** @description Only those that were made at this time or later, RFC 3339. */
                    from?: string;
                    /** @description At most so many, up to 200. */
                    limit?: number;
                    /** @description Only those whose last attempt failed for a reason with this text, such as `503`; needs `state=dead`. */
                    reason?: string;
                    /** @description Only those that stand so: `pending`, `blocked`, `delivered`, `dead`, `discarded` or `replaced`. */
                    state?: string;
                    /** @description Only those that were made before this time, RFC 3339. */
                    to?: string;
                };
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Listed_DeliveryRow"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/deliveries/discard": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give many dead letters up */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ManyLetters"];
                };
            };
            responses: {
                /** @description They were only counted, or there are none */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LettersOrdered"];
                    };
                };
                /** @description A job discards them; GET /api/v1/jobs/{id} tells how far it is */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LettersOrdered"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/deliveries/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The deliveries that fit a filter as NDJSON, newest first: each with what it carries and its attempts */
        get: {
            parameters: {
                query?: {
                    /** @description Only those to this destination, by id. */
                    destination?: string;
                    /** @description Only those of this flow, by name. */
                    flow?: string;
                    /** @description Only those that were made at this time or later, RFC 3339. */
                    from?: string;
                    /** @description Only those whose last attempt failed for a reason with this text, such as `503`; needs `state=dead`. */
                    reason?: string;
                    /** @description Only those that stand so: `pending`, `blocked`, `delivered`, `dead`, `discarded` or `replaced`. */
                    state?: string;
                    /** @description Only those that were made before this time, RFC 3339. */
                    to?: string;
                };
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A line each, as `GET /api/v1/deliveries/{id}` shows it; broken off when it cannot be gone on with */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/x-ndjson": string;
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/deliveries/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send many dead letters again, under their old ids, when nothing fresh is due */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ManyLetters"];
                };
            };
            responses: {
                /** @description They were only counted, or there are none */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LettersOrdered"];
                    };
                };
                /** @description A job replays them; GET /api/v1/jobs/{id} tells how far it is */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LettersOrdered"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/destinations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The destinations of an environment */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DestinationView"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Make a destination */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DestinationInput"];
                };
            };
            responses: {
                /** @description Created */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DestinationView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/destinations/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What would be sent by settings that are not saved */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TrialInput"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["PreviewView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/destinations/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Send one message by settings that are not saved */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TrialInput"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TrialView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The events of an environment, newest first */
        get: {
            parameters: {
                query?: {
                    /** @description Only those older than the one with this id. */
                    before?: string;
                    /** @description Only those of this flow, by name. */
                    flow?: string;
                    /** @description At most so many, up to 200. */
                    limit?: number;
                    /** @description Only those of this source. */
                    source?: string;
                };
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Listed_EventRow"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/events/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run many events again, by a job */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ReplayMany"];
                };
            };
            responses: {
                /** @description They were only counted, or there are none */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReplayOrdered"];
                    };
                };
                /** @description A job replays them; GET /api/v1/jobs/{id} tells how far it is */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReplayOrdered"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is done with many events or dead letters of an environment, newest first */
        get: {
            parameters: {
                query?: {
                    /** @description Only those older than the one with this id. */
                    before?: string;
                    /** @description At most so many, up to 200. */
                    limit?: number;
                };
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Listed_BulkJob"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happens in an environment, as it happens: `run`, `step`, `token`, `delivery`, and `lost` when a
         *     slow reader has missed some
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Server-sent events */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The refused requests of an environment, newest first */
        get: {
            parameters: {
                query?: {
                    /** @description Only those older than the one with this id. */
                    before?: string;
                    /** @description At most so many, up to 200. */
                    limit?: number;
                    /** @description Only those of this source. */
                    source?: string;
                };
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Listed_RefusalRow"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The runs of an environment, newest first */
        get: {
            parameters: {
                query?: {
                    /** @description Only those older than the one with this id. */
                    before?: string;
                    /** @description Only those of this flow, by name. */
                    flow?: string;
                    /** @description At most so many, up to 200. */
                    limit?: number;
                    /** @description Only those that stand so; any but `succeeded`. */
                    status?: string;
                };
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Listed_RunRow"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/secrets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The names of an environment's secrets */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SecretName"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/secrets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set a secret */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SecretValue"];
                };
            };
            responses: {
                /** @description Set */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        /** Delete a secret */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The sources of an environment */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SourceView"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Make a source */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SourceInput"];
                };
            };
            responses: {
                /** @description Created */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SourceView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The variables of an environment */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Variable"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{environment}/variables/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set a variable */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    environment: string;
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["VariableValue"];
                };
            };
            responses: {
                /** @description Set */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What became of an event */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Trace"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{id}/files/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a file that came with an event
         * @description Whatever it is, it comes as bytes to be saved: nobody looks into what strangers send.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                    sha256: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The file */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/octet-stream": unknown;
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run an event again, in a run of its own */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Replay"];
                };
            };
            responses: {
                /** @description Created */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Replayed"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flow-validation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check a flow's text without saving it */
        post: {
            parameters: {
                query?: {
                    /** @description The environment whose destinations, variables and secrets count; `production` when none is named. */
                    environment?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DraftText"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Validation"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The flows */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FlowSummary"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A flow with its draft, versions and deployments */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["FlowDetail"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        /** Save a flow's draft; a draft may have problems, a version may not */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DraftChange"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SavedDraft"];
                    };
                };
                /** @description The draft is at another revision than the one named */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{name}/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a version serve its flow in an environment */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["DeployTo"];
                };
            };
            responses: {
                /** @description Deployed */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{name}/nodes/{node}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What a step would send with the data of a run
         * @description Nothing is sent, and nothing has to be saved or published. Problems of other steps are told and change nothing.
         */
        post: {
            parameters: {
                query?: {
                    /** @description The environment whose destinations, variables and secrets count; `production` when none is named. */
                    environment?: string;
                };
                header?: never;
                path: {
                    name: string;
                    node: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Rehearsal"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RehearsalView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{name}/nodes/{node}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send what a step would send, once, outside the queue
         * @description It is a test as of a destination: a real attempt, from which nothing follows. At most ten are made in a minute.
         */
        post: {
            parameters: {
                query?: {
                    /** @description The environment whose destinations, variables and secrets count; `production` when none is named. */
                    environment?: string;
                };
                header?: never;
                path: {
                    name: string;
                    node: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Rehearsal"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["TrialView"];
                    };
                };
                /** @description The step has problems */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{name}/nodes/{node}/variables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What the expressions of a step can name, with what it is in the data of a run */
        post: {
            parameters: {
                query?: {
                    /** @description The environment whose destinations, variables and secrets count; `production` when none is named. */
                    environment?: string;
                };
                header?: never;
                path: {
                    name: string;
                    node: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Rehearsal"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VariableView"][];
                    };
                };
                /** @description The flow has no shape */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{name}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a run
         * @description A call with the same `Idempotency-Key` within 24 hours starts no second run: it is answered as the first one, with
         *     `Linchpin-Duplicate: true`.
         *
         *     Files come in a multipart form, beside a part `run` with what is otherwise the body. A file that came with an event
         *     of this workspace can be named in `input` as well, as that event's run shows it.
         */
        post: {
            parameters: {
                query?: never;
                header?: {
                    "idempotency-key"?: string | null;
                };
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Start"];
                    "multipart/form-data": components["schemas"]["StartForm"];
                };
            };
            responses: {
                /** @description The run's outputs */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>;
                    };
                };
                /** @description The event is committed */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Receipt"];
                    };
                };
                /** @description The input does not fit; `errors` names each field */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The run failed, or the server */
                500: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The versions of a flow, newest first */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VersionRow"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Publish the draft as an immutable version */
        post: {
            parameters: {
                query?: {
                    /** @description The environment whose destinations, variables and secrets count; `production` when none is named. */
                    environment?: string;
                };
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PublishNote"];
                };
            };
            responses: {
                /** @description Created */
                201: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VersionRow"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/flows/{name}/versions/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A version of a flow */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                    number: number;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["VersionDetail"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A job */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AnyJob"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a replay of many events, or what is done with many dead letters; what has begun goes on */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Cancelled: it begins nothing more */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It has ended, or is of a kind that is not cancelled */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge-bases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The knowledge bases */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["BaseView"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge-bases/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Make or change a knowledge base */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["BaseInput"];
                };
            };
            responses: {
                /** @description Stored */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge-bases/{name}/documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The documents of a knowledge base */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DocumentRow"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        /** Add a document: its bytes as the body, its type in `Content-Type` */
        post: {
            parameters: {
                query: {
                    /** @description The file name; a document of this name is replaced. */
                    name: string;
                };
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/octet-stream": number[];
                };
            };
            responses: {
                /** @description Accepted */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DocumentAdded"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge-bases/{name}/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try a question */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SearchInput"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SearchResult"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login-links": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a link that logs the owner in, once */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LoginLink"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is logged in */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Me"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The models, those that are always there among them */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ModelView"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Make or change a model */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ModelInput"];
                };
            };
            responses: {
                /** @description Stored */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/node-kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The node kinds, with the JSON Schema of each one's config */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": Record<string, never>[];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The nodes */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Node"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The providers */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProviderView"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/providers/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Make or change a provider */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ProviderInput"];
                };
            };
            responses: {
                /** @description Stored */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/refusals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A refused request */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RefusalDetail"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/refusals/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Judge a refused request again, after the cause is mended */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Rejudged"];
                    };
                };
                /** @description It cannot be replayed, or was */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/replays/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A replay of many events, with those that failed */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ReplayDetail"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A run with its steps and deliveries */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RunDetail"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a run */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is told, and not cancelled yet; ask for it again */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Cancelled */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description It has ended already */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/schedules/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** See when a schedule would tick */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Draft"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Preview"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log in with address and password */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Login"];
                };
            };
            responses: {
                /** @description Logged in; the session is in the cookie */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        /** Log out */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Logged out */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/link": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log in by a link */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["LinkLogin"];
                };
            };
            responses: {
                /** @description Logged in; the session is in the cookie */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make the first member, who owns the workspace, by the link that the server printed */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Setup"];
                };
            };
            responses: {
                /** @description Made and logged in; the session is in the cookie */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/source-schema": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The JSON Schema of sources, and the codes of their refusals */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SourceSchema"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A source */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SourceView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        /** Change a source */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SourceInput"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SourceView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        /** Delete a source; its events stay */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{id}/infer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** The fields that requests of a source have, ready to be its `fields` */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Examples"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["InferredFields"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{id}/listen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A source's next requests, accepted or refused, as they come, for ten minutes at most: `listening` at first, then
         *     `request` for each, `end` when the time is over
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Server-sent events */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a source's senders another scheme or other secrets
         * @description Until the overlap is over, what was valid before is taken as well. What an earlier rotation left ends at once.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["RotateInput"];
                };
            };
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SourceView"];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{id}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The samples of a source */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OK */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SampleView"][];
                    };
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sources/{id}/samples/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Pin a request to a source under a name; it stays when the event's history goes */
        put: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Pin"];
                };
            };
            responses: {
                /** @description Pinned */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description The source has 20 others */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        post?: never;
        /** Delete a sample */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Deleted */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description A problem document that says what happened and what to do */
                default: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["ProblemDocument"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Any job; one that is done with many events or dead letters says more. */
        AnyJob: components["schemas"]["BulkJob"] | components["schemas"]["JobView"];
        /** @description An attempt. */
        AttemptTrace: {
            at: string;
            /** Format: int32 */
            number: number;
            outcome: string;
            /** @description Request, response or error, and times. */
            record: Record<string, never>;
        };
        /** @description A knowledge base's settings. `{}` takes the defaults. */
        BaseInput: {
            /** @description Embedding model and chunking. */
            settings?: Record<string, never>;
        };
        /** @description A knowledge base. */
        BaseView: {
            id: string;
            /** @description How flows call it. */
            name: string;
            /** @description Embedding model and chunking. */
            settings: Record<string, never>;
        };
        /** @description One part of a request's body that is wrong. */
        BodyProblem: {
            /** @description A stable code. */
            code: string;
            /** @description Where in the body: `config.limits.body`, `secrets.tokens`, `name`. */
            field: string;
            /** @description What is wrong. */
            reason: string;
            /** @description What to write instead. */
            suggestion?: string | null;
        };
        /** @description A breaker that is not closed: the receiver fails, so it is left alone. */
        BreakerView: {
            opened_at: string;
            /**
             * Format: int32
             * @description How often it has opened since it was closed.
             */
            openings: number;
            /** @description What the last attempt failed by. */
            reason: string;
            /** @description `open`, or `half_open` when one delivery is tried. */
            state: string;
            /** @description When one delivery is tried, or was due to be. */
            until: string;
        };
        /** @description What is done with many events or dead letters. */
        BulkJob: components["schemas"]["ReplayJob"] | components["schemas"]["LetterJob"];
        /** @description A delivery with what it carries and its attempts. */
        DeliveryDetail: components["schemas"]["DeliveryRow"] & {
            /** @description The destination's name; null when it is gone. */
            destination_name?: string | null;
            environment: string;
            /** @description The event at its beginning; null when the message cannot be read. */
            event?: string | null;
            /** @description Its attempts, oldest first. */
            history: components["schemas"]["AttemptTrace"][];
            /**
             * @description What is to be said, before the destination's kind puts it into its own form; null when it cannot be
             *     read.
             */
            message?: Record<string, never> | null;
        };
        /** @description A delivery as lists show it. */
        DeliveryRow: {
            /**
             * Format: int32
             * @description Attempts so far.
             */
            attempts: number;
            /** @description Who discarded or edited it. */
            closed_by?: string | null;
            created_at: string;
            /** @description The destination, by id. */
            destination: string;
            /** @description When the next attempt is due. */
            due_at?: string | null;
            /** @description When it arrived, when somebody was done with it, or when the last attempt of a dead one began. */
            finished_at?: string | null;
            id: string;
            /** @description What was sent in its place, after it was edited. */
            replaced_by?: string | null;
            /** @description The dead letter that was edited into this one. */
            replay_of?: string | null;
            run: string;
            /** @description `pending`, `blocked`, `delivered`, `dead`, `discarded` or `replaced`. */
            state: string;
            step: string;
        };
        /** @description A delivery and its attempts. */
        DeliveryTrace: {
            attempts: components["schemas"]["AttemptTrace"][];
            /** @description Who discarded or edited it. */
            closed_by?: string | null;
            created_at: string;
            /** @description The destination's name, or its id when it is gone. */
            destination: string;
            due_at?: string | null;
            finished_at?: string | null;
            id: string;
            /** @description What was sent in its place, after it was edited. */
            replaced_by?: string | null;
            /** @description The dead letter that was edited into this one. */
            replay_of?: string | null;
            state: string;
            step: string;
        };
        /** @description What serves a flow in an environment. */
        Deployed: {
            environment: string;
            since: string;
            /** Format: int32 */
            version: number;
        };
        /** @description Which version is to serve. */
        DeployTo: {
            environment: string;
            /** Format: int32 */
            version: number;
        };
        /** @description A destination that is to be made or changed. */
        DestinationInput: {
            /** @description Kind, address, signing and policy; see the destination's schema. */
            config: Record<string, never>;
            name: string;
            /**
             * @description The kind's secrets. On a change of the same kind, a secret that is absent stays as it is, and null takes one away. A
             *     signing key that is missing is made.
             */
            secrets?: Record<string, never> | null;
            /**
             * Format: date-time
             * @description On a change: its `updated_at` as it was read. When it has been changed since, the answer is 409 `stale` and nothing
             *     is changed; without this, only a change at the very same time is answered so.
             */
            unless_changed_since?: string | null;
        };
        /** @description A kind of destination. */
        DestinationKind: {
            /** @description The JSON Schema of its `config`. */
            config: Record<string, never>;
            /** @description What it does. */
            description: string;
            /** @description The JSON Schema of what its messages say, null where they say any JSON. */
            message?: Record<string, never> | null;
            name: string;
            /** @description The JSON Schema of its `secrets`. */
            secrets: Record<string, never>;
        };
        /** @description A destination. */
        DestinationView: {
            breaker?: components["schemas"]["BreakerView"] | null;
            /** @description Kind, address, signing and policy. */
            config: Record<string, never>;
            /** @description Why it takes no deliveries now, if it does not. */
            disabled_reason?: string | null;
            environment: string;
            id: string;
            /** @description How flows call it. */
            name: string;
            /** @description Keys that were made just now, since there was none to sign by. Secrets are shown this once. */
            new_keys?: components["schemas"]["NewKeyView"][];
            queue: components["schemas"]["QueueView"];
            /** @description The names of the secrets that are set. */
            secrets: string[];
            /** @description The keys that its messages are signed by now. */
            signing_keys: components["schemas"]["SigningKeyView"][];
            updated_at: string;
        };
        /** @description Why a destination is switched off. */
        DisableInput: {
            /** @description In one sentence, for whoever meets it. */
            reason?: string;
        };
        /** @description A document that was taken in. */
        DocumentAdded: {
            id: string;
            /** @description The job that makes it findable; absent when the same content is there already. */
            job?: string | null;
        };
        /** @description A document as lists show it. */
        DocumentRow: {
            /** Format: int32 */
            chunks: number;
            /** @description Why it failed. */
            error?: string | null;
            id: string;
            /** @description The job that makes it findable; absent when it is not queued. */
            job?: string | null;
            media_type: string;
            name: string;
            progress?: components["schemas"]["Progress"] | null;
            /** Format: int64 */
            size: number;
            /** @description `queued`, `ready` or `failed`. */
            status: string;
            updated_at: string;
        };
        /** @description A timetable to look at. */
        Draft: {
            /** @description Minute, hour, day of the month, month, day of the week; with seconds before them when there are six. */
            cron: string;
            /** @description The IANA name of a time zone; UTC by default. */
            time_zone?: string;
        };
        /** @description A change of a draft. */
        DraftChange: {
            definition: string;
            /**
             * Format: int64
             * @description The revision that the change was made on: when the draft is at another one by now, nothing is saved. Whatever is
             *     there is overwritten when none is named.
             */
            revision?: number | null;
        };
        /** @description A flow's YAML. */
        DraftText: {
            definition: string;
        };
        /** @description An edge, for drawing. */
        EdgeView: {
            /** @description Null for the start. */
            from?: string | null;
            port: string;
            to: string;
        };
        /** @description What is sent in place of a dead letter. */
        Edited: {
            /** @description What is to be said, before the destination's kind puts it into its own form: any JSON. */
            message: Record<string, never>;
        };
        /** @description An environment. */
        Environment: {
            id: string;
            /** @description `test`, `production` or another. */
            name: string;
            /**
             * Format: int32
             * @description For how many days history is kept.
             */
            retention_days: number;
        };
        /** @description What can be set of an environment. */
        EnvironmentSettings: {
            /**
             * Format: int32
             * @description For how many days history is kept: an event with its runs, deliveries and attempts, from the end of the last of
             *     them; refused requests from when they came. What is unfinished, dead letters too, is kept besides.
             */
            retention_days: number;
        };
        /** @description An event as lists show it, with its thread in short. */
        EventRow: {
            /** @description Where each of its deliveries stands: `pending`, `delivered`, `dead`. */
            deliveries: string[];
            /** @description The flow, by id. */
            flow: string;
            id: string;
            /** @description `webhook`, `schedule`, `alert` or `api`. */
            kind: string;
            received_at: string;
            /** @description The source, by id. */
            source?: string | null;
            /** @description Where it stands: `filtered`, or its run's state. */
            status: string;
            /**
             * Format: int64
             * @description How many milliseconds its original run took, once it has ended.
             */
            took_ms?: number | null;
        };
        /** @description The requests that fields are inferred from: all that are named together. */
        Examples: {
            /** @description An event of the source. */
            event?: string | null;
            /** @description A request that it refused. */
            refusal?: string | null;
            /** @description A request as listening shows it. */
            request?: Record<string, never> | null;
            /** @description Samples of the source, by name; all of them when nothing at all is named. */
            samples?: string[] | null;
        };
        /** @description A file that came with a request. */
        FileTrace: {
            /** @description Its media type, as the sender says. */
            media_type: string;
            /** @description Its name, without folders. */
            name: string;
            /** @description The SHA-256 of its content in hex, by which it is downloaded. */
            sha256: string;
            /**
             * Format: int64
             * @description How many bytes it has.
             */
            size: number;
        };
        /** @description A flow with its draft. */
        FlowDetail: {
            deployments: components["schemas"]["Deployed"][];
            /** @description The draft's YAML, as it was written. */
            draft: string;
            graph?: components["schemas"]["GraphView"] | null;
            id: string;
            name: string;
            problems: components["schemas"]["FlowProblem"][];
            /**
             * Format: int64
             * @description Raised at every change of the draft.
             */
            revision: number;
            updated_at: string;
            versions: components["schemas"]["VersionRow"][];
        };
        /** @description One thing that is wrong in a flow. */
        FlowProblem: {
            /** @description A stable code. */
            code: string;
            /** @description Where in it. */
            field: string;
            /** @description The node, or null for the flow itself. */
            node?: string | null;
            /** @description What is wrong. */
            reason: string;
            /** @description What to write instead. */
            suggestion?: string | null;
        };
        /** @description A flow as lists show it. */
        FlowSummary: {
            /** @description What serves it, by environment. */
            deployments: components["schemas"]["Deployed"][];
            id: string;
            name: string;
            updated_at: string;
        };
        /** @description A flow's shape, for drawing. */
        GraphView: {
            description?: string | null;
            edges: components["schemas"]["EdgeView"][];
            /** @description The flow's inputs by name. */
            inputs: Record<string, never>;
            nodes: components["schemas"]["NodeView"][];
        };
        /** @description Fields that requests have. */
        InferredFields: {
            /** @description As a source's `fields`. */
            fields: Record<string, never>;
            /** @description As a flow's `inputs`. */
            inputs: Record<string, never>;
        };
        /**
         * @description Where a job stands.
         * @enum {string}
         */
        JobState: "queued" | "running" | "done" | "failed" | "cancelled";
        /** @description Long work. */
        JobView: {
            created_at: string;
            /** @description Why it failed. */
            error?: string | null;
            id: string;
            /** @description What is done: `ingest` makes a document findable, `replay` runs events again, `letters` replays or discards dead letters. */
            kind: string;
            progress?: components["schemas"]["Progress"] | null;
            status: components["schemas"]["JobState"];
            updated_at: string;
        };
        /** @description A key as lists show it. */
        Key: {
            created_at: string;
            expires_at?: string | null;
            /** @description Its last characters. */
            hint: string;
            id: string;
            name: string;
            /** @description What it may do. */
            roles: string[];
        };
        /** @description A job with many dead letters. */
        LetterJob: components["schemas"]["JobView"] & {
            /** @description `replay` or `discard`. */
            action: string;
            /** @description Who ordered it. */
            by: string;
            filter: components["schemas"]["LettersMeant"];
            /**
             * Format: int64
             * @description How many they were when it was ordered.
             */
            matching: number;
        };
        /** @description Which dead letters a job is about. */
        LettersMeant: {
            /** @description Only those to this destination, by id. */
            destination?: string | null;
            /** @description Only those of this flow, by id. */
            flow?: string | null;
            /** @description Only those that were made at this time or later. */
            from?: string | null;
            /** @description Only those whose last attempt failed for a reason with this text. */
            reason?: string | null;
            /** @description Only those that were made before this time. */
            to?: string | null;
        };
        /** @description Work on many dead letters. */
        LettersOrdered: {
            /** @description The job that is done with them; absent when they were only counted, or there are none. */
            job_id?: string | null;
            /**
             * Format: int64
             * @description How many there are.
             */
            matching: number;
        };
        /** @description A login link's token. */
        LinkLogin: {
            /** @description The token. */
            token: string;
        };
        /** @description A page of a list, newest first. */
        Listed_BulkJob: {
            /** @description The items. */
            items: (components["schemas"]["ReplayJob"] | components["schemas"]["LetterJob"])[];
            /** @description Give this as `before` for the next page; absent on the last one. */
            next?: string | null;
        };
        /** @description A page of a list, newest first. */
        Listed_DeliveryRow: {
            /** @description The items. */
            items: {
                /**
                 * Format: int32
                 * @description Attempts so far.
                 */
                attempts: number;
                /** @description Who discarded or edited it. */
                closed_by?: string | null;
                created_at: string;
                /** @description The destination, by id. */
                destination: string;
                /** @description When the next attempt is due. */
                due_at?: string | null;
                /** @description When it arrived, when somebody was done with it, or when the last attempt of a dead one began. */
                finished_at?: string | null;
                id: string;
                /** @description What was sent in its place, after it was edited. */
                replaced_by?: string | null;
                /** @description The dead letter that was edited into this one. */
                replay_of?: string | null;
                run: string;
                /** @description `pending`, `blocked`, `delivered`, `dead`, `discarded` or `replaced`. */
                state: string;
                step: string;
            }[];
            /** @description Give this as `before` for the next page; absent on the last one. */
            next?: string | null;
        };
        /** @description A page of a list, newest first. */
        Listed_EventRow: {
            /** @description The items. */
            items: {
                /** @description Where each of its deliveries stands: `pending`, `delivered`, `dead`. */
                deliveries: string[];
                /** @description The flow, by id. */
                flow: string;
                id: string;
                /** @description `webhook`, `schedule`, `alert` or `api`. */
                kind: string;
                received_at: string;
                /** @description The source, by id. */
                source?: string | null;
                /** @description Where it stands: `filtered`, or its run's state. */
                status: string;
                /**
                 * Format: int64
                 * @description How many milliseconds its original run took, once it has ended.
                 */
                took_ms?: number | null;
            }[];
            /** @description Give this as `before` for the next page; absent on the last one. */
            next?: string | null;
        };
        /** @description A page of a list, newest first. */
        Listed_RefusalRow: {
            /** @description The items. */
            items: {
                /** @description Why, as a stable code. */
                code: string;
                id: string;
                received_at: string;
                /** @description Whether it was kept whole, so that it can be replayed. */
                replayable: boolean;
                /** @description The event that a replay of it became. */
                replayed_as?: string | null;
                source: string;
                /**
                 * Format: int32
                 * @description The HTTP status it got.
                 */
                status: number;
            }[];
            /** @description Give this as `before` for the next page; absent on the last one. */
            next?: string | null;
        };
        /** @description A page of a list, newest first. */
        Listed_RunRow: {
            /** @description The items. */
            items: {
                /** @description `original` or `replay`. */
                cause: string;
                created_at: string;
                /** @description Why it failed. */
                error?: Record<string, never> | null;
                event: string;
                finished_at?: string | null;
                flow: string;
                id: string;
                status: string;
            }[];
            /** @description Give this as `before` for the next page; absent on the last one. */
            next?: string | null;
        };
        /** @description An address and a password. */
        Login: {
            /** @description The address. */
            email: string;
            /**
             * Format: password
             * @description The password.
             */
            password: string;
        };
        /** @description A link that logs the owner in, once. */
        LoginLink: {
            /**
             * Format: int64
             * @description For how many seconds it works.
             */
            expires_in_s: number;
            /** @description Where it leads. */
            url: string;
        };
        /** @description A key that was just made. */
        MadeKey: {
            id: string;
            /** @description The key itself. It is shown this once. */
            key: string;
        };
        /** @description Which dead letters. */
        ManyLetters: {
            /** @description Whether they are only counted. */
            dry_run?: boolean;
            filter: components["schemas"]["WhichLetters"];
        };
        /** @description Whoever is logged in. */
        Me: {
            /** @description A member's address; null for an API key. */
            email?: string | null;
            /** @description The name. */
            name: string;
            /** @description The role. */
            role: string;
            /** @description The server's version. */
            version: string;
            /** @description The workspace's name. */
            workspace: string;
        };
        /** @description A model that is to be made or changed. */
        ModelInput: {
            /** @description What the provider calls it; the model's own name when it is absent. */
            model?: string | null;
            /** @description The provider's name; `local` for the models inside the process. */
            provider: string;
            /** @description `chat`, `embedding` or `rerank`. */
            purpose: string;
        };
        /** @description A model. */
        ModelView: {
            /** @description Whether it is there without anybody adding it. */
            built_in: boolean;
            /** @description What the provider calls it. */
            model?: string | null;
            /** @description How flows call it. */
            name: string;
            /** @description The provider's name; `local` for the models inside the process. */
            provider: string;
            /** @description `chat`, `embedding` or `rerank`. */
            purpose: string;
        };
        /**
         * @description A version by what it is for.
         * @enum {string}
         */
        NamedVersion: "deployed" | "draft";
        /** @description A key that is wanted. */
        NewKey: {
            /**
             * Format: int32
             * @description After how many days it ends by itself.
             */
            expires_in_days?: number | null;
            /** @description What it is for. */
            name: string;
            /**
             * @description What it may do, such as a member with this role.
             * @example editor
             */
            role: string;
        };
        /** @description A signing key that was just made. */
        NewKeyView: {
            /** @description What the receiver verifies by; of `v1a` alone. */
            public_key?: string | null;
            /** @description `v1`, `v1a` or `hmac`. */
            scheme: string;
            /** @description The secret to give to the receiver; of `v1` and `hmac`. It is shown this once. */
            secret?: string | null;
        };
        /** @description A node of the installation. */
        Node: {
            /** @description Where other nodes reach it; null when they cannot. */
            address?: string | null;
            heartbeat_at: string;
            id: string;
            /** @description Whether it answered this request. */
            is_here: boolean;
            /** @description Whether it is the one that does what is done once for all. */
            is_scheduler: boolean;
            /** @description Its host's name. */
            name: string;
            /** @description What it does: `gateway`, `worker`, `delivery`, `scheduler`, `console`. */
            roles: string[];
            /**
             * Format: int32
             * @description Runs under way there at its last heartbeat.
             */
            runs: number;
            started_at: string;
            /** @description `alive`, or `lost` when its lease has ended; one that is lost is listed for a day. */
            state: components["schemas"]["NodeState"];
            /** @description Which build it runs. */
            version: string;
        };
        /**
         * @description Whether a node is there.
         * @enum {string}
         */
        NodeState: "alive" | "lost";
        /** @description A node, for drawing. */
        NodeView: {
            /** @description What the kind is told. */
            config: Record<string, never>;
            id: string;
            kind: string;
            /** @description Where the flow's author put it, in columns and rows. */
            position?: [
                number,
                number
            ] | null;
        };
        /** @description A request to pin: one of both. */
        Pin: {
            /** @description An event of the source. */
            event?: string | null;
            /** @description A request that it refused. */
            refusal?: string | null;
        };
        /** @description A planned time. */
        PlannedView: {
            /** @description In UTC. */
            at: string;
            /** @description As clocks in the time zone show it, with the offset. */
            local: string;
        };
        /** @description The planned times that come next. */
        Preview: {
            /** @description The next five. */
            ticks: components["schemas"]["PlannedView"][];
        };
        /** @description What would be sent. */
        PreviewView: {
            /** @description Why there are none. */
            reason?: string | null;
            /** @description The requests, one for each part: `method`, `url`, `headers`, `body`. Secrets are hidden. */
            requests: Record<string, never>[];
        };
        /** @description A problem document. */
        ProblemDocument: {
            /** @description A stable code. */
            code: string;
            /** @description What happened and what to do. */
            detail: string;
            /** @description Which parts of the body are wrong, for `invalid`, where that is known. */
            errors?: components["schemas"]["BodyProblem"][];
            /** @description What is wrong in a flow, for `flow_invalid`. */
            problems?: components["schemas"]["FlowProblem"][];
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description The problem in a few words, the same each time. */
            title: string;
            /** @description Where the code is explained. */
            type: string;
        };
        /** @description How far a job is. */
        Progress: {
            /**
             * Format: int64
             * @description Parts that are done: chunks of a document; replays that have ended or wait for something outside; dead letters.
             */
            done: number;
            /**
             * Format: int64
             * @description Of those that are done, how many failed; only of a replay.
             */
            failed?: number | null;
            /**
             * Format: int64
             * @description Dead letters that somebody else was done with before, or whose destination is gone; only of these.
             */
            skipped?: number | null;
            /**
             * Format: int64
             * @description Parts in all.
             */
            total: number;
        };
        /** @description A provider that is to be made or changed. */
        ProviderInput: {
            /** @description Its address and how it is called: `base_url`, `key_header`, `concurrency`, … */
            config: Record<string, never>;
            /** @description `api_key`. On a change, absent keeps what there is. */
            secrets?: Record<string, never> | null;
        };
        /** @description A provider of models. */
        ProviderView: {
            /** @description Its address and how it is called. */
            config: Record<string, never>;
            /** @description Whether a key is set. */
            has_key: boolean;
            name: string;
        };
        /** @description What has changed. */
        PublishNote: {
            note?: string;
        };
        /** @description What waits for a destination; each number is counted up to 10,000. */
        QueueView: {
            /**
             * Format: int64
             * @description Deliveries that wait for an earlier one with the same order key.
             */
            blocked: number;
            /**
             * Format: int64
             * @description Dead letters.
             */
            dead: number;
            /** @description When the oldest that is pending was made. */
            oldest_at?: string | null;
            /**
             * Format: int64
             * @description Deliveries that are due or wait for their next attempt.
             */
            pending: number;
            /**
             * Format: int64
             * @description Those of them that have failed before: the receiver does not take everything now.
             */
            retrying: number;
        };
        /** @description The answer that says that an event is safe. */
        Receipt: {
            event_id: string;
            filtered?: boolean;
            /** @description None for an event that was filtered. */
            run_id?: string | null;
            /** @description Tells the event's fate to whoever has it. */
            status_url: string;
        };
        /** @description A code that requests are refused with. */
        RefusalCode: {
            /** @description What the sender, or who keeps the source, does about it. */
            advice_en: string;
            /** @description The same in Chinese. */
            advice_zh: string;
            code: string;
            /** Format: int32 */
            status: number;
            /** @description The problem in a few words, the same each time. */
            title: string;
        };
        /** @description A refused request with how it came and what it was told. */
        RefusalDetail: components["schemas"]["RefusalRow"] & {
            environment: string;
            /** @description Peer, headers, body as far as kept, and what it was told. */
            record: Record<string, never>;
        };
        /** @description A refused request as lists show it. */
        RefusalRow: {
            /** @description Why, as a stable code. */
            code: string;
            id: string;
            received_at: string;
            /** @description Whether it was kept whole, so that it can be replayed. */
            replayable: boolean;
            /** @description The event that a replay of it became. */
            replayed_as?: string | null;
            source: string;
            /**
             * Format: int32
             * @description The HTTP status it got.
             */
            status: number;
        };
        /** @description Which text of the flow is meant, and with which data. Without data the examples of the flow's inputs are taken. */
        Rehearsal: {
            /**
             * @description A text that is not saved; else `version`, else the draft.
             * @default null
             */
            definition: string | null;
            /**
             * @description The event, by id, whose first run is taken.
             * @default null
             */
            event: string | null;
            /** @description The flow's input, made up. */
            input?: Record<string, never> | null;
            /** @description What steps gave, made up, by node; beside `input`. */
            outputs?: Record<string, never>;
            /**
             * @description The run, by id, whose input and outputs are taken.
             * @default null
             */
            run: string | null;
            /**
             * Format: int32
             * @description A version of the flow.
             * @default null
             */
            version: number | null;
        };
        /** @description What would be sent, or what keeps it from that. */
        RehearsalView: {
            /** @description What the step says: `body`, and `params`, `headers` and `order_key` where there are any. */
            message?: Record<string, never> | null;
            /** @description What is wrong in the flow, with the node and the field: `body.title`. */
            problems: components["schemas"]["FlowProblem"][];
            /** @description Why the destination makes none of it. */
            reason?: string | null;
            /** @description The requests that the destination makes of it: `method`, `url`, `headers`, `body`. Secrets are hidden. */
            requests: Record<string, never>[];
        };
        /** @description What came of judging a refused request again: one of both. */
        Rejudged: {
            accepted?: components["schemas"]["ReplayReceipt"] | null;
            /** @description It is refused for this now: the problem document that its sender would get. */
            refused?: Record<string, never> | null;
        };
        /** @description On which version an event is replayed. */
        Replay: {
            /** @description `ran` by default. */
            version?: components["schemas"]["ReplayVersion"];
        };
        /** @description A replay of many events and some of its runs. */
        ReplayDetail: components["schemas"]["ReplayJob"] & {
            environment: string;
            /** @description The first 100 that failed or could not begin. */
            failures: components["schemas"]["ReplayedEvent"][];
            /** @description The last 100 that began, newest first. */
            newest: components["schemas"]["ReplayedEvent"][];
        };
        /** @description A replay that has begun. */
        Replayed: {
            /** @description The new run. */
            run_id: string;
        };
        /** @description An event that was replayed. */
        ReplayedEvent: {
            event: string;
            run?: components["schemas"]["RunRow"] | null;
            /** @description Its new run; null when no version runs it any more, so that none could begin. */
            run_id?: string | null;
        };
        /** @description Which events are replayed. */
        ReplayedWhich: {
            /** @description Only those of this flow, by id. */
            flow?: string | null;
            /** @description Only those that came at this time or later. */
            from: string;
            /** @description Only those of this source, by id. */
            source?: string | null;
            /** @description Only those that stood so. */
            status?: string | null;
            /** @description Only those that came before this time. */
            to: string;
        };
        /** @description A replay of many events. */
        ReplayJob: components["schemas"]["JobView"] & {
            /** @description Who ordered it. */
            by: string;
            filter: components["schemas"]["ReplayedWhich"];
            /**
             * Format: int64
             * @description How many events they were when it was ordered.
             */
            matching: number;
            /** @description On which version. */
            version: components["schemas"]["ReplayVersion"];
        };
        /** @description Which events are replayed, and on what. */
        ReplayMany: {
            /** @description Whether they are only counted. */
            dry_run?: boolean;
            filter: components["schemas"]["ReplayWhich"];
            /** @description `ran` by default. `draft` needs `filter.flow` or `filter.source`. */
            version?: components["schemas"]["ReplayVersion"];
        };
        /** @description A replay of many events. */
        ReplayOrdered: {
            /** @description The job that replays them; absent when they were only counted, or there are none. */
            job_id?: string | null;
            /**
             * Format: int64
             * @description How many events it is about.
             */
            matching: number;
        };
        /** @description The event that a refused request became. */
        ReplayReceipt: {
            /** @description Whether its sender had sent it again meanwhile: then this is that event. */
            duplicate: boolean;
            event_id: string;
            run_id: string;
            status_url: string;
        };
        /**
         * @description A version to replay on.
         * @enum {string}
         */
        ReplayVersion: "ran" | "deployed" | "draft";
        /** @description Which events are replayed. */
        ReplayWhich: {
            /** @description Only those of this flow, by name. */
            flow?: string | null;
            /**
             * Format: date-time
             * @description Only those that came at this time or later, RFC 3339.
             */
            from: string;
            /** @description Only those of this source, by id. */
            source?: string | null;
            /** @description Only those whose original run stands so (`failed`, `succeeded`, …), or that were `filtered`. */
            status?: string | null;
            /**
             * Format: date-time
             * @description Only those that came before this time, RFC 3339; now, when it is left out.
             */
            to?: string | null;
        };
        /** @description A delivery that was made of a dead letter. */
        Resent: {
            /** @description The new delivery. */
            id: string;
        };
        /** @description What came of a rotation. */
        RotatedKeysView: {
            /** @description The new keys. Secrets are shown this once. */
            new_keys: components["schemas"]["NewKeyView"][];
            /** @description All keys that sign now. */
            signing_keys: components["schemas"]["SigningKeyView"][];
        };
        /** @description What a source's senders are given in place of what they have. */
        RotateInput: {
            /**
             * @description How long the present scheme and secrets are taken as well: 0s to 30d.
             * @default 1d
             */
            overlap: string;
            /** @description Its secrets. */
            secrets: Record<string, never>;
            /** @description The scheme that they are to use; absent keeps the present one. */
            verification?: Record<string, never> | null;
        };
        /** @description How a destination's signing keys are to be replaced. */
        RotateKeysInput: {
            /**
             * @description How long the present keys sign as well: 0s to 30d. With 0s they end at once, and those of earlier rotations too.
             * @default 1d
             */
            overlap: string;
            /** @description `v1`, `v1a` or `hmac`, where a destination signs by several; without it, all are replaced. */
            scheme?: string | null;
            /** @description The new secret; without one, one is drawn. */
            secret?: string | null;
        };
        /** @description A run, its steps and its deliveries. */
        RunDetail: components["schemas"]["RunTrace"] & {
            event: string;
            flow: string;
        };
        /** @description A run as lists show it. */
        RunRow: {
            /** @description `original` or `replay`. */
            cause: string;
            created_at: string;
            /** @description Why it failed. */
            error?: Record<string, never> | null;
            event: string;
            finished_at?: string | null;
            flow: string;
            id: string;
            status: string;
        };
        /** @description A run, its steps and its deliveries. */
        RunTrace: {
            /** @description `original` or `replay`. */
            cause: string;
            created_at: string;
            deliveries: components["schemas"]["DeliveryTrace"][];
            /** @description The environment it ran in: a draft that was tried runs in `test`, whatever its event's is. */
            environment: string;
            error?: Record<string, never> | null;
            finished_at?: string | null;
            id: string;
            input: Record<string, never>;
            outputs?: Record<string, never> | null;
            /** @description What the request was answered, by a `respond` step. */
            response?: Record<string, never> | null;
            status: string;
            steps: components["schemas"]["StepTrace"][];
            /**
             * Format: int32
             * @description The number of the flow's version; 0 for a draft.
             */
            version: number;
        };
        /** @description A request that was pinned to a source. */
        SampleView: {
            /** @description The event or refused request that it was. */
            from: string;
            name: string;
            pinned_at: string;
            /** @description When that came. */
            received_at: string;
            /** @description The request, with secrets hidden. */
            request: Record<string, never>;
        };
        /** @description A draft that was saved. */
        SavedDraft: components["schemas"]["Validation"] & {
            /**
             * Format: int64
             * @description Its revision, for the next change.
             */
            revision: number;
        };
        /** @description Where a schedule stands. */
        ScheduleView: {
            /** @description The planned time of its last event. */
            last_at?: string | null;
            /** @description The next planned time. */
            next_at: string;
            /**
             * Format: int64
             * @description Planned times that no event came of.
             */
            skipped: number;
            /** @description The last of them. */
            skipped_at?: string | null;
            /** @description What of its input did not fit, for `wrong_input`. */
            skipped_detail?: string | null;
            /** @description Why: `off`, `undeployed`, `missed` or `wrong_input`. */
            skipped_why?: string | null;
        };
        /** @description A question to try. */
        SearchInput: {
            query: string;
            /** @description At most so many passages, up to 50. */
            top_k?: number;
        };
        /** @description What a question finds. */
        SearchResult: {
            passages: Record<string, never>[];
        };
        /** @description A secret, without its value. */
        SecretName: {
            /** @description How expressions call it: `secret.NAME`. */
            name: string;
            updated_at: string;
        };
        /** @description A secret's value. It is stored sealed and never shown again. */
        SecretValue: {
            /** Format: password */
            value: string;
        };
        /** @description The first member of a fresh install. */
        Setup: {
            /**
             * Format: email
             * @description The address to log in with.
             */
            email: string;
            /** @description The name that others see. */
            name: string;
            /**
             * Format: password
             * @description At least 12 characters.
             */
            password: string;
            /** @description The token of the link that the server printed at its first start. */
            token: string;
        };
        /** @description A key by which a destination signs. */
        SigningKeyView: {
            /** @description The public key's name, as `/.well-known/linchpin.json` lists it; of `v1a` alone. */
            key_id?: string | null;
            /** @description What the receiver verifies by; of `v1a` alone. */
            public_key?: string | null;
            /** @description `v1`, `v1a` or `hmac`. */
            scheme: string;
            /** @description Until when it signs, if another has taken its place. */
            until?: string | null;
        };
        /** @description A source that is to be made or changed. */
        SourceInput: {
            /**
             * @description Verification, fields, limits and reply; of a schedule `cron`, `time_zone`, `input` and `missed`; of alerts
             *     `alerts`, `destinations` and `input`.
             */
            config: Record<string, never>;
            /** @description Whether it takes requests or alerts, or ticks. */
            enabled?: boolean;
            /** @description The flow it starts, by name. */
            flow: string;
            /** @description `webhook`, `schedule` or `alert`; it never changes. */
            kind?: string | null;
            name: string;
            /** @description The scheme's secrets. On a change, absent keeps what there is. */
            secrets?: Record<string, never> | null;
            /**
             * Format: date-time
             * @description On a change: its `updated_at` as it was read. When it has been changed since, the answer is 409 `stale` and nothing
             *     is changed; without this, only a change at the very same time is answered so.
             */
            unless_changed_since?: string | null;
        };
        /** @description What a source may be told, and what it may answer. */
        SourceSchema: {
            /** @description The JSON Schema of a source's `config`; `x-widget` says how a form asks for a value. */
            config: Record<string, never>;
            /** @description The codes that requests are refused with, in the order of the checks. */
            refusals: components["schemas"]["RefusalCode"][];
            /** @description The JSON Schema of a source's `secrets`. */
            secrets: Record<string, never>;
        };
        /** @description A source. */
        SourceView: {
            /**
             * @description Verification, fields, limits and reply; `cron`, `time_zone`, `input` and `missed`; or `alerts`, `destinations` and
             *     `input`.
             */
            config: Record<string, never>;
            enabled: boolean;
            environment: string;
            /** @description The flow it starts, by id. */
            flow: string;
            id: string;
            /** @description `webhook`, `schedule` or `alert`. */
            kind: string;
            name: string;
            /** @description Until when the scheme and secrets that senders change over from are taken as well, after a rotation. */
            previous_until?: string | null;
            schedule?: components["schemas"]["ScheduleView"] | null;
            updated_at: string;
            /** @description Where senders post to; only of a webhook. */
            url?: string | null;
            usage: components["schemas"]["Usage"];
        };
        /** @description What a run is started with. */
        Start: {
            /**
             * @description The environment whose variables, secrets and destinations it uses. A draft runs in `test` alone, and may leave
             *     it out.
             */
            environment?: string | null;
            /** @description The flow's input. */
            input?: Record<string, never>;
            /**
             * @description How the call is answered, as a source's `reply`: `{"mode": "accept"}` by default, `{"mode": "wait", "deadline":
             *     "30s"}` for the outputs.
             */
            reply?: Record<string, never> | null;
            /**
             * @description The version that it runs: `deployed`, the one that is deployed there, by default; `draft`, the flow's draft as it
             *     is now; or a version's number.
             */
            version?: components["schemas"]["StartVersion"];
        };
        /** @description The same with files: a form whose other parts are files, each named after the field it is for. */
        StartForm: {
            /** @description What the run is started with, as JSON. */
            run: components["schemas"]["Start"];
        };
        /** @description A version that a run is started on. */
        StartVersion: number | components["schemas"]["NamedVersion"];
        /** @description A step and its tries. */
        StepTrace: {
            /** @description The node's id. */
            id: string;
            /** @description Its kind, with the version. */
            kind: string;
            /** @description `pending`, `running`, `paused`, `waiting`, `succeeded`, `recovered`, `failed`, `skipped` or `stopped`. */
            state: string;
            tries: components["schemas"]["TryTrace"][];
            waits?: components["schemas"]["WaitTrace"] | null;
        };
        /** @description An event and all that followed. */
        Trace: {
            /** @description What befell a destination, of an event that is an alert. */
            alert?: Record<string, never> | null;
            /** @description Who started it by the API. */
            caller?: string | null;
            environment: string;
            /** @description The files that came with it. */
            files: components["schemas"]["FileTrace"][];
            /** @description Whether it was held back by the source's filter. */
            filtered: boolean;
            flow: string;
            id: string;
            /** @description `webhook`, `schedule`, `alert` or `api`. */
            kind: string;
            received_at: string;
            /** @description The request as it came, with secrets hidden. */
            request?: Record<string, never> | null;
            /** @description The original run first, then its repeats. */
            runs: components["schemas"]["RunTrace"][];
            source?: string | null;
            /** @description Tells the event's fate to whoever has it. */
            status_url: string;
            /**
             * @description The planned time of the schedule that it came by: `at` in UTC, `local` and `date` in the schedule's time zone, and
             *     whether it was `missed` and is made up for.
             */
            tick?: Record<string, never> | null;
        };
        /** @description What is tried, and how the destination is set for it. */
        TrialInput: {
            /** @description What is to be said, as a `deliver` node would say it; up to 256 KiB. */
            body?: Record<string, never> | null;
            /** @description Settings that are not saved, in place of the stored ones; needs an editor. */
            config?: Record<string, never> | null;
            /** @description The delivery, by id, whose message is said again in place of `body`. */
            delivery?: string | null;
            /** @description Secrets that are not saved; one that is absent is as it is stored. Needs an editor. */
            secrets?: Record<string, never> | null;
        };
        /** @description What came of a trial. */
        TrialView: {
            at: string;
            /** @description Why a delivery with this answer would switch the destination off. */
            disables?: string | null;
            /** @description The delivery's id that the receiver has seen; there is no such delivery. */
            id: string;
            /** @description `delivered`, `retry` or `permanent`, as for an attempt; nothing follows from it. */
            outcome: string;
            /** @description Request, response or error, and times, as of an attempt. */
            record: Record<string, never>;
        };
        /** @description One try of a step. */
        TryTrace: {
            /** Format: int32 */
            attempt: number;
            ended_at: string;
            error?: Record<string, never> | null;
            /** @description What it worked on, after templates. */
            input?: Record<string, never> | null;
            output?: Record<string, never> | null;
            /** @description The port it left by, when it succeeded. */
            port?: string | null;
            /** Format: int64 */
            took_us: number;
        };
        /** @description How much a source is used, as far as history is kept: requests that were taken, filtered ones too. */
        Usage: {
            /** @description When the last one came. */
            last_at?: string | null;
            /**
             * Format: int32
             * @description Requests of the last 24 hours; 10000 stands for that many or more.
             */
            requests_24h: number;
            /**
             * Format: int32
             * @description Requests of the last 30 days; 10000 stands for that many or more.
             */
            requests_30d: number;
        };
        /** @description What came of a check. */
        Validation: {
            problems: components["schemas"]["FlowProblem"][];
            valid: boolean;
        };
        /** @description A variable. */
        Variable: {
            /** @description How expressions call it: `env.NAME`. */
            name: string;
            value: string;
        };
        /** @description A variable's value. */
        VariableValue: {
            value: string;
        };
        /** @description Something that an expression of a step can name. */
        VariableView: {
            /** @description Its type, where the flow declares one. */
            declared?: string | null;
            /** @description What it means, where the flow says so. */
            description?: string | null;
            /** @description The kind of the node that gives it. */
            kind?: string | null;
            /** @description The expression: `nodes.answer.text`. */
            path: string;
            /** @description What it is in the data given, shortened; null also where that has nothing. */
            value?: Record<string, never> | null;
        };
        /** @description A version. */
        VersionDetail: {
            /** @description The YAML, as it was written. */
            definition: string;
            graph?: components["schemas"]["GraphView"] | null;
            /** @description The kind and its version that each node runs. */
            kinds: Record<string, never>;
            /** Format: int32 */
            number: number;
        };
        /** @description A version as lists show it. */
        VersionRow: {
            created_at: string;
            created_by: string;
            note: string;
            /** Format: int32 */
            number: number;
        };
        /** @description What a step waits for. */
        WaitTrace: {
            /** @description What the step worked on, after templates. */
            input?: Record<string, never> | null;
            /** @description Which one: the delivery's id. */
            on: string;
            /** @description What kind of thing: `delivery`. */
            reason: string;
            since: string;
            /** @description When it gives up, if it does. */
            until?: string | null;
        };
        /** @description Which dead letters: all of the environment when nothing is said. */
        WhichLetters: {
            /** @description Only those to this destination, by id. */
            destination?: string | null;
            /** @description Only those of this flow, by name. */
            flow?: string | null;
            /**
             * Format: date-time
             * @description Only those that were made at this time or later, RFC 3339.
             */
            from?: string | null;
            /** @description Only those whose last attempt failed for a reason with this text. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description Only those that were made before this time, RFC 3339; now, when it is left out.
             */
            to?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
